"""A review without its page: what is asked and answered, what is refused, what stands in the log."""

import json
import shutil
from pathlib import Path

import pytest
from review_pages import a_run, as_shown, written

from extractor.errors import UserError
from extractor.evaluation.gold import load_gold
from extractor.review.decisions import append
from extractor.review.session import Wanted, begin
from extractor.tasks.examples import load_examples
from extractor.tasks.schema import load_schema

TEXT = "𝒜 Ada met Bob in London."
FAMILY = {"subject": "Ada", "predicate": "family_of", "object": "Bob"}
ANSWER = {
    "entities": [{"name": "Ada", "type": "person"}, {"name": "Bob", "type": "person"}],
    "relations": [FAMILY],
    "summary": "They met.",
}
DOCUMENTS = {"one": (TEXT, ANSWER), "two": (TEXT + " Twice.", ANSWER), "bad": ("Ada ran off with Bob.", None)}


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    return a_run(tmp_path_factory.mktemp("run"), DOCUMENTS)


@pytest.fixture
def out(finished, tmp_path):
    return Path(shutil.copytree(finished, tmp_path / "out"))


def started(out, **said):
    return begin(Wanted(str(out), by="anna", **said))


def shown(review, doc_id=None):
    return review.show({"doc_id": doc_id} if doc_id else {})["document"]


def test_who_accepts_all_gives_gold_and_examples_that_say_what_the_run_says(out):
    review = started(out)
    for doc_id in ("one", "two"):
        answer = review.decide(as_shown(shown(review, doc_id)))
    assert answer["kept"] == {"verdict": "accepted", "fault": None}
    assert answer["progress"] == {"done": 2, "all": 3, "seconds": 2.0}
    log = str(out / "review.jsonl")
    gold = load_gold(log).documents["one"]
    assert [(e.name, e.type, e.mentions) for e in gold.entities] == [
        ("Ada", "person", ((2, 5),)), ("Bob", "person", ((10, 13),)),
    ]  # fmt: skip
    assert (gold.relations[0].predicate, gold.summary, gold.text) == ("family_of", "They met.", TEXT)
    _, examples = load_examples(log, load_schema("news"))
    assert [(one["text"], one["answer"]) for one in examples] == [(TEXT, ANSWER), (TEXT + " Twice.", ANSWER)]


def test_what_is_not_answered_comes_first_and_can_be_filled_in(out):
    review = started(out)
    first = shown(review)
    assert (first["doc_id"], first["status"], first["why"]) == ("bad", "quarantined", ("quarantined",))
    assert first["problem"].startswith("unparsable")
    new = {"entities": [{"values": {"name": "Ada", "type": "person"}, "mentions": [[0, 3]]}]}
    review.decide(as_shown(first, tables=new))
    line = written(out)["bad"]
    assert line["answer"] == {"entities": [{"name": "Ada", "type": "person"}], "relations": [], "summary": ""}
    assert line["review"]["verdict"] == "mended" and line["review"]["why"] == ["quarantined"]


def test_a_later_decision_begins_where_the_earlier_ended(out):
    review = started(out)
    said = as_shown(shown(review, "one"))
    del said["tables"]["relations"]
    said["tables"]["entities"][1]["values"] = {"name": "Bob", "type": "organisation"}
    review.decide(said | {"note": "look again"})
    again = shown(started(out), "one")
    assert [row["values"]["type"] for row in again["tables"]["entities"]] == ["person", "organisation"]
    assert [row["origin"] for row in again["tables"]["entities"]] == [0, 1]
    assert (again["tables"]["relations"], again["note"], again["verdict"]) == ([], "look again", "mended")
    review.decide(as_shown(again) | {"form": ["Other."]})
    assert written(out)["one"]["answer"]["entities"][1] == {"name": "Bob", "type": "organisation"}
    assert len((out / "review.jsonl").read_text("utf-8").splitlines()) == 2


def test_a_skipped_document_is_neither_gold_nor_example_and_shows_what_the_run_said(out):
    review = started(out)
    review.decide(as_shown(shown(review, "one"), verdict="skipped"))
    line = written(out)["one"]
    assert (line["answer"], line["review"]["verdict"], "entities" in line) == (None, "skipped", False)
    assert len(shown(review, "one")["tables"]["entities"]) == 2 and review.reviewed() == 0


def test_a_review_goes_on_where_another_stopped(out):
    review = started(out)
    review.decide(as_shown(shown(review)))
    assert shown(started(out))["doc_id"] == "one"
    review.decide(as_shown(shown(review, "one")))
    assert shown(started(out))["doc_id"] == "two"


def test_two_windows_are_given_different_documents(out):
    review = started(out)
    asked = [review.show({"window": window})["document"]["doc_id"] for window in ("a", "b", "a")]
    assert asked == ["bad", "one", "bad"]


def broken(said, path, value):
    place = said
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    return said


@pytest.mark.parametrize(
    ("path", "value", "why"),
    [
        (["tables", "entities", 0, "mentions"], [[0, 999]], r"mention \[0, 999\] is no \[start, end\) inside the text"),
        (["tables", "entities", 0, "mentions"], [[3, 3]], "is no"),
        (["tables", "entities", 0, "values"], {"name": " ", "type": "person"}, "name is empty"),
        (["tables", "entities", 0, "values"], {"name": "Ada", "type": "ghost"}, "'ghost' is none of the schema's"),
        (["tables", "relations", 0, "values"], FAMILY | {"predicate": "haunts"}, "'haunts' is none of the schema's"),
        (["tables", "relations", 0, "values"], FAMILY | {"predicate": "works_for"}, "joins person → organisation"),
        (["tables", "relations", 0, "values"], FAMILY | {"object": "ada"}, "relates a thing to itself"),
        (["tables", "entities"], [], "Ada is deleted; delete the relation too"),
        (["tables", "entities", 1, "origin"], 0, "rows that the run has not"),
        (["tables", "events"], [{"values": {"name": "x"}}], "the schema has no place for events"),
        (["doc_id"], "other", "no document of this review"),
        (["verdict"], "perhaps", "cannot be read, at verdict"),
        (["tables", "aliens"], [], "aliens: no such table"),
        (["tables", "entities", 0, "values"], {"name": "Ada", "type": "person", "age": 1}, "no column age"),
        (["tables", "entities", 0, "values"], {"name": "Ada", "type": ["person"]}, "is none of the schema's"),
        (["tables", "entities", 0, "mentions"], [[0.0, 2]], "cannot be read"),
        (["tables", "entities", 0, "mentions"], [["0", 2]], "cannot be read"),
        (["seconds"], 1e308, "cannot be read, at seconds"),
        (["form"], [], "the form is not that of the schema"),
    ],
)
def test_what_cannot_be_meant_is_refused_and_not_written(out, path, value, why):
    review = started(out)
    with pytest.raises(UserError, match=why):
        review.decide(broken(as_shown(shown(review, "one")), path, value))
    assert not (out / "review.jsonl").exists()


def test_every_place_of_a_name_is_found(out):
    assert started(out).find({"doc_id": "one", "name": "Ada"}) == {"mentions": [(2, 5)]}


def test_an_output_whose_inputs_are_gone_is_refused_in_a_line(out, tmp_path):
    whole = a_run(tmp_path / "whole", {"one": (TEXT, ANSWER)})
    (tmp_path / "whole" / "documents.jsonl").unlink()
    with pytest.raises(UserError, match="no text of its documents is at hand; bring the run's inputs back"):
        started(whole)
    manifest = json.loads((out / "manifest.json").read_text())
    manifest["settings"]["inputs"] = [str(tmp_path / "gone.jsonl")]
    (out / "manifest.json").write_text(json.dumps(manifest))
    review = started(out)
    assert [one.doc_id for one in review.queued] == ["bad"]  # whose text is in the quarantine
    assert review.remarks == ["2 documents are left out: their text is not at hand"]


def test_a_row_that_is_no_document_is_not_drawn(tmp_path):
    out = a_run(tmp_path, {"one": (TEXT, ANSWER), "blank": (" ", ANSWER)})
    review = started(out, sample=2)
    assert [(one.doc_id, one.drawn) for one in review.queued] == [("one", "sample")] and review.remarks == []


def test_a_text_that_has_changed_is_marked_where_names_stand_now(tmp_path):
    out = a_run(tmp_path, {"one": (TEXT, ANSWER)})
    (tmp_path / "documents.jsonl").write_text(json.dumps({"id": "one", "text": f"Yes. {TEXT}"}))
    first = shown(started(out))
    assert first["moved"] and [row["mentions"] for row in first["tables"]["entities"]] == [[(7, 10)], [(15, 18)]]


def test_a_file_of_another_run_is_refused(out):
    append(out / "other.jsonl", {"doc_id": "strange", "review": {"verdict": "accepted"}})
    with pytest.raises(UserError, match=r"decisions on another run's documents \(strange\); choose another --file"):
        started(out, file=out / "other.jsonl")


def test_a_schema_that_is_gone_or_another_is_asked_for(tmp_path):
    schema = tmp_path / "mine.json"
    schema.write_text(json.dumps(load_schema("news").body))
    out = a_run(tmp_path, {"one": (TEXT, ANSWER)}, schema=str(schema))
    changed = json.loads(schema.read_text()) | {"title": "Other"}
    schema.write_text(json.dumps(changed))
    with pytest.raises(UserError, match="which has changed since; name the old one with --schema"):
        started(out)
    assert "is not the one that" in started(out, schema=str(schema)).remarks[0]
    schema.unlink()
    with pytest.raises(UserError, match=r"was made by a schema that cannot be read.*name it with --schema"):
        started(out)
    assert started(out, schema="news").remarks == []


def test_memory_holds_places_of_texts_and_not_texts(out):
    review = started(out)
    assert "Twice" not in repr(review.texts.__dict__) and review.texts["two"].endswith("Twice.")
