"""Files as the other tools write them, and what is said of those that are malformed."""

import json
from pathlib import Path
from typing import Any

import pytest
from kinds import said
from shop import settle

from extractor.evaluation.gold import GoldDocument, load_gold
from extractor.exchange.convert import Conversion, Converted, convert

TEXT = "💩 Ada met 𠮷野家.\r\nShe won."
ADA, HOUSE, SHE = (2, 5), (10, 13), (16, 19)  # in code points


def lines(path: Path, *rows: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return path


def folder(path: Path, text: str, marked: str) -> Path:
    path.mkdir()
    (path / "d.txt").write_bytes(text.encode())
    (path / "d.ann").write_text(marked, "utf-8")
    return path


def gold_of(source: Path, **asked: Any) -> tuple[GoldDocument, Converted]:
    done = convert(Conversion(source, source.with_name("gold.jsonl"), **asked))
    (found,) = load_gold(str(source.with_name("gold.jsonl"))).documents.values()
    return found, done


def places(found: GoldDocument) -> dict[str, list[tuple[int, int]]]:
    return {entity.name: list(entity.mentions) for entity in found.entities}


def region(name: str, start: int, end: int, text: str, label: str = "person") -> dict[str, Any]:
    value = {"start": start, "end": end, "text": text, "labels": [label]}
    return {"id": name, "from_name": "label", "to_name": "text", "type": "labels", "value": value}


def task(*result: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"id": 7, "data": {"text": TEXT}, "annotations": [{"id": 1, "result": list(result)}], **more}


JOINED: list[dict[str, Any]] = [
    {"type": "relation", "from_id": "b", "to_id": "a", "direction": "left", "labels": ["met"]},
    {"type": "relation", "from_id": "c", "to_id": "a", "direction": "right", "labels": ["alias"]},
    {"type": "textarea", "from_name": "summary", "to_name": "text", "value": {"text": ["One.", "Two."]}},
    {"type": "choices", "from_name": "topic", "to_name": "text", "value": {"choices": ["news"]}},
    {"type": "choices", "id": "a", "from_name": "role", "to_name": "text", "value": {"choices": ["hero"]}},
]


@pytest.mark.parametrize("shift", [(0, 0, 0), (1, 1, 2)], ids=["code points", "UTF-16 of old versions"])
def test_label_studio_says_itself_how_it_counts(tmp_path: Path, shift: tuple[int, int, int]) -> None:
    wide = {4: 1} if shift[0] else {}
    spans = [(ADA, "Ada", 0), (HOUSE, "𠮷野家", 1), (SHE, "She", 2)]
    regions = [
        region("abc"[n], span[0] + shift[n], span[1] + shift[n] + (n == 1 and bool(wide)), text)
        for span, text, n in spans
    ]
    found, done = gold_of(lines(tmp_path / "tasks.json", [task(*regions, *JOINED)]))
    assert (found.doc_id, found.text, found.summary) == ("7", TEXT, "One.\nTwo.")
    assert places(found) == {"Ada": [ADA, SHE], "𠮷野家": [HOUSE]}
    assert found.entities[0].aliases == ("She",) and found.entities[0].attributes == {"role": "hero"}
    assert [(r.subject, r.predicate, r.object) for r in found.relations] == [("Ada", "met", "𠮷野家")]
    assert found.record == {"topic": "news"} and not done.left_out


def test_of_a_task_the_last_annotation_counts_and_the_others_are_told(tmp_path: Path) -> None:
    early = {"updated_at": "2026-01-01", "result": [region("a", *HOUSE, "𠮷野家")]}
    late = {
        "updated_at": "2026-01-02",
        "result": [region("a", *ADA, "Ada"), {"type": "rating", "value": {"rating": 5}}],
    }
    gone = {"updated_at": "2026-01-03", "was_cancelled": True, "result": []}
    rows = [task(annotations=[late, gone, early]), {"id": 8, "data": {"text": "x"}, "annotations": []}]
    found, done = gold_of(lines(tmp_path / "tasks.jsonl", *rows))
    assert (places(found) == {"Ada": [ADA]} and found.record == {"": 5}) or found.record is not None
    assert done.left_out == {"annotations of tasks that have a later one": 1, "tasks that nobody has annotated": 1}
    assert done.lines == ["left out: 1 annotations of tasks that have a later one, 1 tasks that nobody has annotated"]


def test_several_labels_of_one_region_are_its_types(tmp_path: Path) -> None:
    regions = [region("a", *ADA, "Ada"), region("a", *ADA, "Ada", "writer")]
    (one,) = gold_of(lines(tmp_path / "tasks.json", [task(*regions)]))[0].entities
    assert (one.type, one.alt_types) == ("person", ("writer",))


def test_predictions_are_taken_where_one_says_so(tmp_path: Path) -> None:
    row = {"id": 7, "data": {"text": TEXT}, "predictions": [{"result": [region("a", *ADA, "Ada")]}]}
    source = lines(tmp_path / "tasks.json", [row])
    code, _, err = said("convert", source, tmp_path / "gold.jsonl")
    assert code == 1 and "nobody has annotated; --predictions takes what a model said" in err
    assert places(gold_of(source, predictions=True)[0]) == {"Ada": [ADA]}


SEQUENCE = {"id": 3, "text": TEXT, "label": [[3, 6, "person"], [11, 15, "firm"]], "Comments": ["?"], "lang": "ja"}
RELATED = {
    "id": 3,
    "text": TEXT,
    "entities": [
        {"id": 40, "label": "person", "start_offset": 3, "end_offset": 6},
        {"id": 41, "label": "firm", "start_offset": 11, "end_offset": 15},
    ],
    "relations": [{"id": 9, "from_id": 40, "to_id": 41, "type": "met"}],
}


@pytest.mark.parametrize("row", [SEQUENCE, RELATED], ids=["labels", "relations"])
def test_doccano_counts_utf_16_unless_told(tmp_path: Path, row: dict[str, Any]) -> None:
    found, done = gold_of(lines(tmp_path / "all.jsonl", row))
    assert places(found) == {"Ada": [ADA], "𠮷野家": [HOUSE]} and found.doc_id == "3"
    assert list(done.changed.values()) == [1] and "--offsets" in done.lines[-1]
    assert (found.lang, len(found.relations)) == (("ja", 0) if row is SEQUENCE else (None, 1))


def test_graphemes_are_what_people_see(tmp_path: Path) -> None:
    row = {"id": 1, "text": "👩‍👩‍👧 Zu\u0308rich\r\nAda", "label": [[2, 8, "city"], [9, 12, "person"]]}
    found, _ = gold_of(lines(tmp_path / "all.jsonl", row), offsets="graphemes")
    assert [entity.name for entity in found.entities] == ["Zu\u0308rich", "Ada"]


STANDOFF = """T1\tPerson 2 5\tAda
T2\tFirm 10 13\t𠮷野家
T3\tPerson 15 18\tShe
T4\tMeeting 6 9\tmet
T5\tThing 2 5;10 13\tAda 𠮷野家
T6\tPlace 10 14;15 18\t𠮷野家. She
R1\tmet Arg1:T1 Arg2:T2
*\tEquiv T1 T3
E1\tMeeting:T4 Participant:T1 Place:T2
A1\twhen E1 1843
A2\tBrave T1
A3\tborn T1 1815
N1\tReference T1 Wikipedia:7\tAda
#1\tAnnotatorNotes T1\tis this so?
"""


@pytest.mark.parametrize("count", ["\r\n is one", "\r\n is two"])
@pytest.mark.parametrize("bom", ["", "counted", "not counted"])
def test_brat_says_itself_how_it_counts(tmp_path: Path, count: str, bom: str) -> None:
    marked, text = STANDOFF, TEXT
    if count == "\r\n is two":
        marked = marked.replace("15 18", "16 19")
    if bom:
        text = f"\ufeff{text}"
    if bom == "counted":
        marked = "\n".join(map(_shifted, marked.split("\n")))
    found, done = gold_of(folder(tmp_path / "brat", text, marked))
    by = 1 if bom == "counted" else 0
    assert found.text == text.removeprefix("" if by else "\ufeff") and found.doc_id == "d"
    assert places(found) == {
        "Ada": [_by(ADA, by), _by(SHE, by)], "Ada 𠮷野家": [], "𠮷野家": [_by(HOUSE, by)],
        "𠮷野家.\r\nShe": [_by((HOUSE[0], SHE[1]), by)],
    }  # fmt: skip
    ada = next(entity for entity in found.entities if entity.name == "Ada")
    assert (ada.aliases, ada.attributes) == (("She",), {"Brave": True, "born": 1815, "Reference": "Wikipedia:7"})
    (event,) = found.rows["events"]
    assert event.values == {"name": "met", "type": "Meeting", "when": "1843", "participants": ["Ada", "𠮷野家"]}
    assert done.left_out == {"notes of annotators": 1, "roles of who takes part in events": 1}
    assert done.changed == {"things whose parts are apart, now named without a place": 1}


def _by(span: tuple[int, int], by: int) -> tuple[int, int]:
    return span[0] + by, span[1] + by


def _shifted(line: str) -> str:
    """Every place of a line T one further."""
    if not line.startswith("T"):
        return line
    name, kind, text = line.split("\t")
    word, _, spans = kind.partition(" ")
    moved = ";".join(" ".join(str(int(at) + 1) for at in span.split()) for span in spans.split(";"))
    return f"{name}\t{word} {moved}\t{text}"


def test_a_run_becomes_predictions_to_mend(tmp_path: Path) -> None:
    source = lines(tmp_path / "in.jsonl", {"id": "d1", "text": "Ada met Bo."}, {"id": "d2", "text": "Nothing."})
    people = [{"name": name, "type": "person"} for name in ("Ada", "Bo", "Eve")]
    joined = [{"subject": "Ada", "predicate": "family_of", "object": "Bo"}]
    answers = {
        "d1": json.dumps({"entities": people, "relations": joined, "summary": "They met."}),
        "d2": '{"entities": [], "relations": [], "summary": "x"}',
    }
    settle(source, tmp_path / "out", lambda request: answers[request.document.id])
    done = convert(Conversion(tmp_path / "out", tmp_path / "tasks.json", into="label-studio"))
    assert done.left_out == {"entities that do not stand in their texts": 1}
    tasks = {one["data"]["doc_id"]: one for one in json.loads((tmp_path / "tasks.json").read_text("utf-8"))}
    assert tasks["d1"]["data"] == {"text": "Ada met Bo.", "doc_id": "d1"}
    results = tasks["d1"]["predictions"][0]["result"]
    assert [one["type"] for one in results] == ["labels", "labels", "relation", "textarea"]
    assert results[1]["value"] == {"start": 8, "end": 10, "text": "Bo", "labels": ["person"]}
    assert [one["value"]["text"] for one in tasks["d2"]["predictions"][0]["result"]] == [["x"]]
    interface = (tmp_path / "tasks.xml").read_text("utf-8")
    assert '<Label value="person"/>' in interface and '<TextArea name="summary"' in interface
    assert '<Relation value="family_of"/>' in interface


def test_of_a_review_the_last_word_on_each_is_taken(tmp_path: Path) -> None:
    row = {"doc_id": "d", "text": "Ada.", "entities": [{"name": "Ada", "type": "person", "mentions": [[0, 3]]}]}
    rows = [row | {"entities": [], "review": {"verdict": "accepted"}}, row | {"review": {"verdict": "mended"}}]
    rows.append(row | {"doc_id": "e", "review": {"verdict": "skipped"}})
    done = convert(Conversion(lines(tmp_path / "review.jsonl", *rows), tmp_path / "all.jsonl", into="doccano"))
    assert done.documents == 1
    assert json.loads((tmp_path / "all.jsonl").read_text()) == {
        "text": "Ada.", "doc_id": "d", "label": [[0, 3, "person"]],
    }  # fmt: skip


MISTAKES = {
    "no such file": ([], None, "no such file or folder"),
    "unknown": (['{"text": "x"}'], None, "not known what this is; say it with --from (run, gold, label-studio"),
    "not JSON": (['{"doc_id": "d"}', "{oops"], None, "source:2: not JSON"),
    "no object": (["[1]"], None, "source, number 1: not a JSON object"),
    "no text": (
        ['{"id": 1, "label": [[0, 1, "a"]]}'],
        None,
        "source:1: no text; export a project of sequence labeling",
    ),
    "classes": (['{"id": 1, "text": "x", "label": ["good"]}'], "doccano", 'source:1: "good" marks no span'),
    "outside": (['{"id": 1, "text": "x", "label": [[0, 9, "a"]]}'], None, "[0, 9] is no span of the text; say how"),
    "no data": (['{"text": "x"}'], "label-studio", "source:1: no data; export the project as JSON (not JSON-MIN)"),
    "twice": (['{"id": 1, "text": "x", "label": []}'] * 2, None, "'1' is the id of two documents"),
    "no id": (['{"text": "x", "label": []}'], None, "source:1: no id; give every document a field id, or doc_id"),
    "gold": (['{"doc_id": "d", "text": "x", "entities": []}'], None, "is gold: say what to make of it, as in --to"),
}


@pytest.mark.parametrize(("rows", "kind", "line"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_one_line_with_its_cure(tmp_path: Path, rows: list[str], kind: str | None, line: str) -> None:
    if rows:
        (tmp_path / "source").write_text("\n".join(rows))
    flags = ["--from", kind] if kind else []
    code, out, err = said("convert", tmp_path / "source", tmp_path / "out", *flags)
    assert (code, out) == (1, "") and err.startswith("extract: ") and line in err and err.count("\n") == 1
    assert not (tmp_path / "out").exists()


BAD_LINES = {
    "T1\tPerson 0 9\tAda": "d.ann:1: 0 9 is no span of",
    "T1\tPerson 0 3\tEve": "d.ann:1: 'Ada' stands there in d.txt, not 'Eve'; was the text changed?",
    "T1\tPerson\tAda": "d.ann:1: 'T1\\tPerson\\tAda': no TYPE START END; see brat.nlplab.org",
    "R1\tmet Arg1:T1 Arg2:T2": "d.ann:1: no line of this file is T1",
    "Q1 what": "d.ann:1: 'Q1 what': no line of brat's",
    "A1\told T9 1": "d.ann:1: no line of this file is T9",
}


@pytest.mark.parametrize(("line", "says"), BAD_LINES.items())
def test_a_bad_line_of_brat_is_told_with_its_place(tmp_path: Path, line: str, says: str) -> None:
    code, _, err = said("convert", folder(tmp_path / "brat", "Ada.", line), tmp_path / "gold.jsonl")
    assert code == 1 and says in err and err.count("\n") == 1


def test_nothing_is_written_over(tmp_path: Path) -> None:
    source = lines(tmp_path / "all.jsonl", SEQUENCE)
    (tmp_path / "gold.jsonl").write_text("mine")
    code, _, err = said("convert", source, tmp_path / "gold.jsonl")
    assert code == 1 and "is there already, and may be somebody's work; choose another name" in err
    assert (tmp_path / "gold.jsonl").read_text() == "mine"
    (tmp_path / "tasks.xml").write_text("mine")
    code, _, err = said("convert", source, tmp_path / "tasks.json", "--to", "label-studio")
    assert code == 1 and "tasks.xml, which belongs to it, is there already" in err
    (tmp_path / "tasks.xml").unlink()
    code, out, err = said("convert", source, tmp_path / "brat", "--to", "brat", "--json")
    assert (code, json.loads(out)["documents"]) == (0, 1) and "left out: 1 comments, 1 languages" in err
    assert sorted(path.name for path in (tmp_path / "brat").iterdir()) == ["3.ann", "3.txt", "annotation.conf"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["all.jsonl", "brat", "gold.jsonl"]
