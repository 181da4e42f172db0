"""The page of a review, and what it may ask for."""

from collections.abc import Mapping

from extractor.review.session import Review
from extractor.web.inline import PageParts, inline
from extractor.web.local import Answer

HERE, REPORT = "extractor.review", "extractor.report"
SCRIPTS = ("marks.js", "state.js", "menu.js", "form.js", "lists.js", "server.js", "shown.js", "acts.js", "page.js")
PARTS = PageParts(
    (HERE, "page.html"),
    [(REPORT, "page.css"), (HERE, "page.css")],
    [(REPORT, "text.js"), (REPORT, "theme.js"), *((HERE, name) for name in SCRIPTS)],
    asks=True,
)


def page_of(review: Review) -> str:
    """The page as HTML, with what it knows from the beginning."""
    return inline(PARTS, review.facts(), {"title": review.run.path})


def answers_of(review: Review) -> Mapping[str, Answer]:
    """What the page may ask, by name."""
    return {"show": review.show, "decide": review.decide, "find": review.find}
