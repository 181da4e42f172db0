"""Documents too long to be asked whole: read in passages, merged, and none of it asked twice."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fakes import Silent, answering, fake_prepared
from shop import rows, settle, write

from extractor.errors import EngineError
from extractor.exits import OK, QUARANTINED
from extractor.jobs.check import check, show
from extractor.jobs.estimate import estimate
from extractor.pipeline.finish import outcome
from extractor.pipeline.session import run
from extractor.progress.events import Progress
from extractor.store.attempts import Attempts
from extractor.store.ledger import faults_of
from extractor.store.parts import parts_of
from extractor.store.settled import Redo
from extractor.store.status import output_status
from extractor.types import Request

pytestmark = pytest.mark.slow

PARAGRAPHS = 24
TEXT = "\n\n".join(f"Alice meets Bob {n}. " + "They walk and talk of old times. " * 10 for n in range(PARAGRAPHS))
SMALL: dict[str, Any] = {"passage_above": 1000, "passage_tokens": 800}
Answer = Callable[[Request], str]


def people(request: Request) -> str:
    """What one passage says: Alice, and each Bob of it, whom she knows."""
    text = request.document.text
    bobs = [f"Bob {n}" for n in range(PARAGRAPHS) if f"Bob {n}." in text]
    entities = [{"name": name, "type": "person"} for name in ["Alice", *bobs]]
    relations = [{"subject": "Alice", "predicate": "family_of", "object": name} for name in bobs]
    return json.dumps({"entities": entities, "relations": relations, "summary": f"About {len(bobs)} Bobs."})


def is_summing_up(request: Request) -> bool:
    return set(json.loads(request.schema or "{}")["properties"]) == {"summary"}


class Reader:
    """Answers passages and summaries of them; remembers what it was asked, and dies after so many answers."""

    def __init__(self, answer: Answer = people, dies_after: int | None = None) -> None:
        self.answer, self.dies_after = answer, dies_after
        self.asked: list[Request] = []

    def __call__(self, request: Request) -> str:
        if self.dies_after == len(self.asked):
            raise EngineError("the engine died: as the test wants it")
        self.asked.append(request)
        if is_summing_up(request):
            return json.dumps({"summary": f"All of it: {len(request.document.text)} characters."})
        return self.answer(request)

    @property
    def passages(self) -> list[int]:
        """The numbers of the passages asked."""
        return [one.document.passage.number for one in self.asked if one.document.passage and not is_summing_up(one)]


def read(folder: Path, reader: Reader, again: Redo | None = None, novel: str = TEXT, **given: Any) -> Path:
    inputs = write(folder / "in.jsonl", [("short", "Alice meets Bob."), ("novel", novel)])
    prepared = fake_prepared(inputs, folder / "out", **({"part_documents": 1} | SMALL | given))
    run(replace(prepared, again=again), lambda _: answering(reader, window=1), Silent(), bool)
    return folder / "out"


def test_a_long_document_gives_what_its_passages_say_each_thing_once(tmp_path: Path) -> None:
    reader = Reader()
    out = read(tmp_path, reader)
    short, novel = sorted(rows(out), key=lambda row: row["passages"] or 0)
    assert (short["passages"], short["passages_failed"], short["merged"]) == (None, None, None)
    assert novel["passages"] == len(reader.passages) > 8 and novel["passages_failed"] == 0
    names = [row for row in rows(out, "entities") if row["doc_id"] == "novel"]
    assert [row["name"] for row in names] == ["Alice", *(f"Bob {n}" for n in range(PARAGRAPHS))]
    assert len(names[0]["mentions"]) == TEXT.count("Alice")
    assert all(TEXT[m["start"] : m["end"]] == row["name"] for row in names for m in row["mentions"])
    assert len([row for row in rows(out, "relations") if row["doc_id"] == "novel"]) == PARAGRAPHS
    (summary,) = [row["summary"] for row in rows(out, "summaries") if row["doc_id"] == "novel"]
    assert summary.startswith("All of it")
    assert sum(row["total_tokens"] for row in rows(out)) == sum(
        row["answer_tokens"] for row in rows(out, "completions")
    )


def test_its_passages_tile_it_and_keep_their_size(tmp_path: Path) -> None:
    reader = Reader()
    out = read(tmp_path, reader)
    spans = [row["passage_span"] for row in rows(out, "completions") if row["passage"]]
    tiles = [(span["start"], span["end"]) for span in spans[:-1]]
    assert "".join(TEXT[start:end] for start, end in tiles) == TEXT and len(tiles) == len(reader.passages)
    assert max(end - start for start, end in tiles) <= 800
    assert spans[-1] == {"start": 0, "end": len(TEXT)}  # the summary of them


def test_what_is_asked_of_a_passage_may_be_null_and_says_that_it_is_one(tmp_path: Path) -> None:
    reader = Reader(lambda request: json.dumps({"entities": [], "relations": [], "summary": None}))
    out = read(tmp_path, reader)
    asked = next(one for one in reader.asked if one.document.passage)
    assert "one passage of a longer one" in asked.messages[0]["content"]
    short, novel = sorted(rows(out), key=lambda row: row["passages"] or 0)
    assert novel["problem"] == "invalid" and rows(out, "quarantine")[-1]["detail"] == "no passage says summary"
    assert short["status"] == "quarantined"  # asked whole, it may not be null


@pytest.mark.parametrize("died", range(0, 14, 3))
def test_a_run_killed_inside_it_asks_no_passage_again(tmp_path: Path, died: int) -> None:
    whole = Reader()
    (tmp_path / "whole").mkdir()
    read(tmp_path / "whole", whole)
    before, after = Reader(dies_after=died), Reader()
    with pytest.raises(EngineError):
        read(tmp_path, before)
    out = read(tmp_path, after)
    assert [one.prompt for one in before.asked + after.asked] == [one.prompt for one in whole.asked]
    for table in ("entities", "relations", "summaries", "completions"):
        same = rows(tmp_path / "whole" / "out", table)
        assert sorted(map(str, rows(out, table))) == sorted(map(str, same))
    assert not len(Attempts(out))


def test_its_passages_are_committed_as_they_come(tmp_path: Path) -> None:
    def look(request: Request) -> str:
        if request.document.passage:
            number = request.document.passage.number
            assert len(Attempts(tmp_path / "out")) >= number - 2  # one is under way, one has just come
        return people(request)

    read(tmp_path, Reader(look))


def test_summaries_are_summed_up_by_level_where_they_are_many(tmp_path: Path) -> None:
    def wordy(request: Request) -> str:
        return people(request).replace("About", "Very much is told " * 20 + "about")

    reader = Reader(wordy)
    read(tmp_path, reader, context=4700)
    levels = [one.document.passage for one in reader.asked if is_summing_up(one) and one.document.passage]
    assert len(levels) >= 3 and (levels[-1].start, levels[-1].end) == (0, len(TEXT))
    assert levels[0].end < len(TEXT)


def failing(*numbers: int) -> Answer:
    def answer(request: Request) -> str:
        passage = request.document.passage
        return "no json" if passage and passage.number in numbers else people(request)

    return answer


def test_a_passage_that_fails_is_told_with_its_place_and_a_retry_asks_it_alone(tmp_path: Path) -> None:
    out = read(tmp_path, Reader(failing(2, 5)))
    (bad, worse) = rows(out, "quarantine")
    start = rows(out, "completions")
    spans = {row["passage"]: row["passage_span"] for row in start}
    assert bad["source"].endswith(f"[{spans[2]['start']}:{spans[2]['end']})") and bad["problem"] == "unparsable"
    assert worse["text"] == TEXT[spans[5]["start"] : spans[5]["end"]]
    (novel,) = [row for row in rows(out) if row["doc_id"] == "novel"]
    assert (novel["status"], novel["passages_failed"]) == ("ok", 2)
    now = output_status(out)
    assert (now.ok, now.partial, now.quarantined) == (2, 1, 0) and not faults_of(parts_of(out))

    again = Reader()
    read(tmp_path, again, again=lambda status, problem: status == "quarantined")
    assert again.passages == [2, 5]
    assert not rows(out, "quarantine") and output_status(out).partial == 0
    assert len([row for row in rows(out, "entities") if row["doc_id"] == "novel"]) == PARAGRAPHS + 1
    assert not faults_of(parts_of(out))


def test_a_document_of_which_every_passage_fails_is_quarantined(tmp_path: Path) -> None:
    out = read(tmp_path, Reader(failing(*range(1, 100))))
    (told,) = rows(out, "quarantine")
    assert told["doc_id"] == "novel" and told["problem"] == "unparsable" and "none of" in told["detail"]
    assert not faults_of(parts_of(out))


@pytest.mark.parametrize(("numbers", "code"), [((), OK), ((3,), QUARANTINED)])
def test_the_exit_code_tells_of_passages_too(tmp_path: Path, numbers: tuple[int, ...], code: int) -> None:
    inputs, out = write(tmp_path / "in.jsonl", [("novel", TEXT)]), tmp_path / "out"
    prepared = fake_prepared(inputs, out, **SMALL)
    tally = run(prepared, lambda _: answering(Reader(failing(*numbers))), Silent(), bool)
    ended = outcome(prepared.job, Progress(out, []), tally, output_status(out))
    assert ended.code == code


def test_what_fits_is_asked_whole_where_nothing_but_texts_is_asked_for(tmp_path: Path) -> None:
    schema = tmp_path / "gist.json"
    schema.write_text(json.dumps({"type": "object", "properties": {"summary": {"type": "string"}}}))
    reader = Reader(lambda request: '{"summary": "x"}')
    out = read(tmp_path, reader, schema=str(schema))
    assert all(one.document.passage is None for one in reader.asked)
    assert sorted(row["doc_id"] for row in rows(out)) == ["novel", "short"]


def test_zero_asks_whole_what_fits(tmp_path: Path) -> None:
    reader = Reader()
    read(tmp_path, reader, passage_above=0)
    assert all(one.document.passage is None for one in reader.asked)


def test_what_stands_before_is_shown_and_is_of_its_name(tmp_path: Path) -> None:
    reader = Reader()
    read(tmp_path, reader, passage_context=100)
    second = next(one for one in reader.asked if one.document.passage and one.document.passage.number == 2)
    assert second.document.passage and 0 < len(second.document.passage.before) <= 100
    assert second.document.passage.before in second.messages[-1]["content"]
    assert TEXT[: second.document.passage.start].endswith(second.document.passage.before)


def test_sizes_are_of_the_jobs_name_only_where_a_person_set_them(tmp_path: Path) -> None:
    inputs = write(tmp_path / "in.jsonl", [("d", "x")])
    names = [
        fake_prepared(inputs, tmp_path / "out", **given).builder.arm for given in ({}, {"passage_above": 4000}, SMALL)
    ]
    assert names[0] == names[1] != names[2]


def test_check_and_estimate_say_how_many_are_cut_and_show_shows_the_first(tmp_path: Path) -> None:
    inputs = write(tmp_path / "in.jsonl", [("short", "Alice meets Bob."), ("novel", TEXT)])
    prepared = fake_prepared(inputs, tmp_path / "out", **SMALL)
    checked, cost = check(prepared, {}), estimate(prepared)
    assert (checked.sampled, checked.cut, cost.cut) == (2, 1, 1) and checked.passages == cost.passages > 8
    assert show(prepared, "novel")["passage"][0] == 0 and "passage" not in show(prepared, "short")


def test_no_passage_is_lost_in_mode_auto(tmp_path: Path) -> None:
    def doubtful(request: Request) -> str:
        passage = request.document.passage
        doubt = passage and passage.number == 3 and request.mode == "no_think" and not request.is_thought
        return people(request).replace("Alice", "Zoe") if doubt else people(request)

    def answer(request: Request) -> str:
        return "hm" if request.is_thought else doubtful(request)

    out = settle(
        write(tmp_path / "in.jsonl", [("novel", TEXT)]), tmp_path / "out", summing(answer), mode="auto", **SMALL
    )
    assert out.escalated == 1
    (novel,) = rows(tmp_path / "out")
    assert novel["escalated"] == "ungrounded" and novel["mode"] == "think" and "Zoe" not in novel["record"]


def summing(answer: Answer) -> Answer:
    return lambda request: '{"summary": "s"}' if not request.is_thought and is_summing_up(request) else answer(request)


def test_a_document_left_half_read_is_one_that_is_pending(tmp_path: Path) -> None:
    reader = Reader()
    inputs, out = write(tmp_path / "in.jsonl", [("novel", TEXT)]), tmp_path / "out"
    tally = settle(inputs, out, reader, draining=lambda: len(reader.asked) >= 6, **SMALL)
    assert tally.drained and len(Attempts(out)) >= 5
    assert (tally.unsettled, tally.pending, output_status(out).pending) == (1, 1, 1)


def test_passages_that_read_the_same_are_works_of_their_own(tmp_path: Path) -> None:
    def answer(request: Request) -> str:
        passage = request.document.passage
        said = "no json" if passage and passage.number in bad else people(request)
        return said.replace("About", f"In {passage.number if passage else 0} about")

    same, bad, whole = ("Alice rests. " * 55 + "\n\n") * 6, set[int](), Reader(answer)
    (tmp_path / "whole").mkdir()
    read(tmp_path / "whole", whole, novel=same)
    assert len(whole.passages) == 6 and len({one.document.text for one in whole.asked}) == 3
    before, after = Reader(answer, dies_after=4), Reader(answer)
    with pytest.raises(EngineError):
        read(tmp_path, before, novel=same)
    out = read(tmp_path, after, novel=same)
    assert before.passages + after.passages == whole.passages
    assert sorted(map(str, rows(out, "completions"))) == sorted(
        map(str, rows(tmp_path / "whole" / "out", "completions"))
    )

    bad.add(3)
    (tmp_path / "bad").mkdir()
    read(tmp_path / "bad", Reader(answer), novel=same)
    bad.clear()
    read(tmp_path / "bad", again := Reader(answer), novel=same, again=lambda status, problem: status == "quarantined")
    assert again.passages == [3]
    (novel,) = [row for row in rows(tmp_path / "bad" / "out") if row["doc_id"] == "novel"]
    assert (novel["passages_failed"], novel["attempts"]) == (0, 1)
