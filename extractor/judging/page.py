"""The page on which a person judges."""

from collections.abc import Callable

from extractor.judging.desk import Desk
from extractor.judging.file import Voice
from extractor.judging.session import JudgedRuns
from extractor.report.texts import texts_of
from extractor.web.inline import PageParts, inline
from extractor.web.local import serve

HERE, REPORT = "extractor.judging", "extractor.report"
PARTS = PageParts(
    (HERE, "page.html"),
    [(REPORT, "page.css"), (HERE, "page.css")],
    [(REPORT, "text.js"), (HERE, "page.js")],
    asks=True,
)


def judged_on_a_page(judged: JudgedRuns, by: str, only_new: bool, port: int, opened: Callable[[str], None]) -> None:
    """Serves the page until an interrupt; each judgement is in the file before the page has its answer."""
    desk = desk_of(judged, by, only_new)
    answers = {"show": desk.show, "say": desk.say, "undo": desk.undo, "text": desk.text, "stand": desk.stand}
    serve(lambda: page(judged), answers, port, opened)


def page(judged: JudgedRuns) -> str:
    """The page as HTML; it names no run."""
    return inline(PARTS, {"disputed": len(judged.held.pool.items)}, {})


def desk_of(judged: JudgedRuns, by: str, only_new: bool) -> Desk:
    """What answers the page; with `only_new` it shows nothing that another person has judged."""
    voice = Voice(by)
    others = (said for other, said in judged.held.said.items() if other != voice and other.is_person)
    skipped = frozenset(number for said in others for number in said) if only_new else frozenset()
    return Desk(judged.held, voice, judged.runs, texts_for(judged), skipped, judged.margin)


def texts_for(judged: JudgedRuns) -> dict[str, str]:
    """The texts of documents in which something is disputed, as far as the inputs of the runs are still there."""
    return texts_of(judged.runs, None, sorted({item.doc_id for item in judged.held.pool.items}))
