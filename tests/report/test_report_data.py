"""What goes into a report: texts, verdicts, samples, and the commands that write it."""

import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from fakes import Silent, answering, fake_prepared
from report_runs import ASTRAL, deals, hostile, make_novel_run, make_run, novel, sample_gold, write_rows
from typer.testing import CliRunner, Result

from extractor.cli.app import app
from extractor.evaluation.gold import load_gold
from extractor.evaluation.intervals import Estimate
from extractor.evaluation.marks import RIGHT, UNKNOWN, WRONG, marks
from extractor.evaluation.results import Agreement, Difference
from extractor.evaluation.runs import Run, load_run
from extractor.pipeline.session import run as run_job
from extractor.report.cases import cases
from extractor.report.details import details_of, sample
from extractor.report.plots_scores import agreement, differences
from extractor.report.render import render_comparison, render_run
from extractor.report.texts import texts_of
from extractor.web.inline import as_script_data

pytestmark = pytest.mark.slow


@pytest.fixture
def job(tmp_path: Path) -> tuple[Run, Path, Path]:
    """A run over three documents, its input and its gold."""
    rows = hostile()
    inputs, gold = write_rows(tmp_path, rows)
    return load_run(str(make_run(inputs, tmp_path / "out", rows))), inputs, gold


def data_of(page: str) -> dict[str, Any]:
    """The JSON that a page carries."""
    data: dict[str, Any] = json.loads(page.partition('id="data">')[2].partition("</script>")[0])
    return data


@pytest.mark.parametrize("text", ["</script>", "<!--<script>", "]]>", "&lt;", "\u2028\x00🦊", 'a"b\\'])
def test_no_text_ends_its_script_and_all_come_back(text: str) -> None:
    carried = as_script_data({text: [text]})
    assert not set("<>&") & set(carried)
    assert json.loads(carried) == {text: [text]}


def test_texts_come_from_the_inputs_then_from_gold(job: tuple[Run, Path, Path]) -> None:
    run, inputs, gold_file = job
    gold = load_gold(str(gold_file))
    ids = ["astral", "attack", "elsewhere"]
    assert texts_of([run], None, ids)["astral"] == ASTRAL
    inputs.unlink()
    assert texts_of([run], None, ids) == {}
    assert texts_of([run], gold, ids)["astral"] == ASTRAL


def test_a_page_without_texts_says_so(job: tuple[Run, Path, Path]) -> None:
    run, inputs, _ = job
    inputs.unlink()
    assert [case["text"] for case in data_of(render_run(run.path))["cases"]] == [None] * 3


def test_a_text_that_changed_since_the_run_is_called_stale(job: tuple[Run, Path, Path]) -> None:
    run, inputs, _ = job
    fresh = data_of(render_run(run.path))["cases"]
    inputs.write_text(inputs.read_text(encoding="utf-8").replace("🦊🦊 Ada", "🦊🦊 No, Ada"), encoding="utf-8")
    changed = data_of(render_run(run.path))["cases"]
    assert [(case["id"], case["stale"]) for case in fresh] == [(case["id"], False) for case in fresh]
    assert {case["id"] for case in changed if case["stale"]} == {"astral"}


def test_an_output_from_before_these_columns_opens(job: tuple[Run, Path, Path]) -> None:
    run, _, _ = job
    told = {case["id"]: case["arms"][0] for case in data_of(render_run(run.path))["cases"]}
    assert [told[i]["loop"] for i in ("attack", "astral")] == [True, False]
    assert [len(told[i]["dropped"]) for i in ("attack", "astral")] == [1, 0]
    for part in Path(run.path, "documents").glob("part-*.parquet"):
        pq.write_table(pq.read_table(part).drop_columns(["finish", "dropped"]), part)
    arms = [case["arms"][0] for case in data_of(render_run(run.path))["cases"]]
    assert [(arm["loop"], arm["dropped"]) for arm in arms] == [(False, [])] * 3


def test_verdicts_follow_the_strict_rules(tmp_path: Path) -> None:
    rows = sample_gold()
    inputs, gold_file = write_rows(tmp_path, rows)
    run, gold = load_run(str(make_run(inputs, tmp_path / "out", rows))), load_gold(str(gold_file))
    for row in rows:
        doc_id, marked = row["doc_id"], marks(run, gold, row["doc_id"])
        wanted = {(e["name"], e["type"]) for e in row["entities"]}
        triples = {(r["subject"], r["predicate"], r["object"]) for r in row["relations"]}
        found = [(e.name, e.type) for e in run.entities.get(doc_id, [])]
        links = [(r.subject, r.predicate, r.object) for r in run.relations.get(doc_id, [])]
        assert marked.entities == [RIGHT if pair in wanted else WRONG for pair in found]
        assert marked.relations == [RIGHT if triple in triples else WRONG for triple in links]
        assert {(name, kind) for name, kind, _ in marked.missed_entities} == wanted - set(found)
        assert set(marked.missed_relations) == triples - set(links)


def test_partial_gold_calls_nothing_wrong(job: tuple[Run, Path, Path]) -> None:
    run, _, gold_file = job
    gold_file.with_name("labels.json").write_text('{"entity_annotation": "partial", "relation_annotation": "partial"}')
    gold = load_gold(str(gold_file))
    marked = [marks(run, gold, doc_id) for doc_id in run.rows]
    verdicts = [verdict for one in marked for verdict in one.entities + one.relations]
    assert WRONG not in verdicts and RIGHT in verdicts
    assert UNKNOWN in marks(run, None, "astral").entities


def test_a_page_of_many_documents_is_cut_and_says_by_how_much(job: tuple[Run, Path, Path]) -> None:
    run, _, _ = job
    long = {"astral": ASTRAL * 2_000_000}
    shown = next(c for c in cases([(run, details_of(run, list(run.rows)))], None, long, None) if c["id"] == "astral")
    assert shown["text"] == long["astral"][: len(shown["text"])]
    assert len(shown["text"]) + shown["cut"] == len(long["astral"])
    assert shown["cut"] > 0


def test_a_sample_keeps_what_tells_most_and_its_order() -> None:
    ids = [f"d{n:03}" for n in range(100)]
    chosen, says = sample(ids, ["d099", "d098", "d001"], most=10)
    assert chosen == sorted(chosen) and len(set(chosen)) == 10
    assert {"d099", "d098", "d001"} <= set(chosen)
    assert says.startswith("10 of 100 documents are shown here: 3 that are")
    assert sample(ids, ids, most=10)[0] != ids[:10]
    assert sample(ids, [], most=100) == (ids, "")


def test_three_arms_and_their_shared_things(tmp_path: Path) -> None:
    rows = sample_gold()
    inputs, gold = write_rows(tmp_path, rows)
    outs = [
        str(make_run(inputs, tmp_path / f"out{n}", rows, mode)) for n, mode in enumerate(("think", "no_think", "think"))
    ]
    data = data_of(render_comparison(outs, str(gold)))
    assert data["arms"] == ["out0", "out1", "out2"]
    for case in data["cases"]:
        first, _, third = (arm["entities"] for arm in case["arms"])
        assert first == third
        assert {entity[3] for entity in first} <= {0b101, 0b111}


def test_rows_of_further_tables_are_shown_and_marked(tmp_path: Path) -> None:
    rows = deals()
    inputs, gold_file = write_rows(tmp_path, rows)
    outs = [str(make_run(inputs, tmp_path / mode, rows, mode, schema="finance")) for mode in ("no_think", "think")]
    data = data_of(render_comparison(outs, str(gold_file)))
    others = ["when", "where", "participants", "confidence"]
    assert data["tables"] == [{"name": "events", "key": ["name"], "kind": "type", "others": others}]
    right = {row["doc_id"]: {(e["name"], e["type"]) for e in row["events"]} for row in rows}
    for case in data["cases"]:
        found = [[(v["name"], v["type"]) for v, *_ in arm["rows"].get("events", [])] for arm in case["arms"]]
        for n, arm in enumerate(case["arms"]):
            wanted = right[case["id"]]
            assert [r[2] for r in arm["rows"].get("events", [])] == [RIGHT if k in wanted else WRONG for k in found[n]]
            assert {(v["name"], v["type"]) for v in arm["missed_rows"].get("events", [])} == wanted - set(found[n])
            assert [r[1] for r in arm["rows"].get("events", [])] == [
                sum(1 << m for m, keys in enumerate(found) if key in keys) for key in found[n]
            ]
            assert arm["record"] is None  # nothing is left of the answer beside its tables
        assert case["differs"] == (set(found[0]) != set(found[1]))
    values = data["cases"][0]["arms"][1]["rows"]["events"][0][0]
    assert values == {**rows[0]["events"][0], "attributes": {"amount": "$85 million"}}
    assert "Events by type" in render_run(outs[0])
    scored = render_run(outs[0], str(gold_file))
    assert "Events by type" not in scored and "Events: F1 by type" in scored and "and event F1" in scored


def test_a_page_without_rows_of_further_tables_has_nothing_of_them(job: tuple[Run, Path, Path]) -> None:
    run, _, gold = job
    data = data_of(page := render_run(run.path, str(gold)))
    assert data["tables"] == [] and {arm["rows"] == {} for c in data["cases"] for arm in c["arms"]} == {True}
    assert "Events by type" not in page


def test_a_field_that_only_bears_the_name_of_a_table_stays_in_the_record(tmp_path: Path) -> None:
    schema = {"type": "object", "properties": {"events": {"type": "array", "items": {"type": "string"}}}}
    (tmp_path / "schema.json").write_text(json.dumps(schema), encoding="utf-8")
    inputs, _ = write_rows(tmp_path, hostile()[:1])
    prepared = fake_prepared(inputs, tmp_path / "out", schema=str(tmp_path / "schema.json"))
    run_job(prepared, lambda _: answering(lambda _: '{"events": ["fire"]}'), Silent(), lambda: False)
    (case,) = data_of(render_run(str(tmp_path / "out")))["cases"]
    assert json.loads(case["arms"][0]["record"]) == {"events": ["fire"]}


def extract(*words: str) -> Result:
    return CliRunner().invoke(app, words, env={"COLUMNS": "100"})


def test_the_commands(tmp_path: Path) -> None:
    rows = sample_gold()
    inputs, gold = write_rows(tmp_path, rows)
    plain, think = (str(make_run(inputs, tmp_path / mode, rows, mode)) for mode in ("no_think", "think"))
    page, numbers = tmp_path / "pages" / "page.html", tmp_path / "numbers.parquet"

    told = extract("evaluate", plain, "--gold", str(gold), "--report", str(page), "--parquet", str(numbers))
    assert told.exit_code == 0 and "entity_strict" in told.stdout and "with 16 documents" in told.stderr
    assert data_of(page.read_text(encoding="utf-8"))["gold"] and numbers.exists()

    told = extract(
        "compare", plain, think, "--gold", str(gold), "--gpu-hour-price", "2", "--json", "--report", str(page)
    )
    assert json.loads(told.stdout)["verdict"].startswith(("On 16 documents", "16 documents"))
    assert data_of(page.read_text(encoding="utf-8"))["arms"] == ["no_think", "think"]

    told = extract("report", plain)
    assert told.stdout.strip() == f"{plain}/report.html" and Path(plain, "report.html").exists()
    assert "alt_types" in extract("evaluate", "--help").stdout


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["report", "nowhere"], "nowhere: no such folder"),
        (["evaluate", "nowhere", "--gold", "no.jsonl"], "nowhere"),
        (["compare", "nowhere"], "nowhere"),
    ],
)
def test_a_mistake_is_one_line(words: list[str], says: str) -> None:
    told = extract(*words)
    assert told.exit_code == 1 and told.stdout == ""
    assert says in told.stderr and len(told.stderr.strip().splitlines()) == 1


def test_each_thing_has_one_row_of_a_plot_and_each_arm_a_bar_in_it() -> None:
    arms, metrics, some = (
        ("think budget=512", "auto budget=512"),
        ("entity_any_type", "rougeL"),
        Estimate(0.1, 0.0, 0.2),
    )
    told = differences([Difference(a, "b", m, "f1", "micro", "", some, 0.5, 0.5, 9) for a in arms for m in metrics])
    agreed = agreement([Agreement(a, "b", some, some, Estimate(None, None, None)) for a in arms])
    assert told and agreed
    for label in ("entity any type", "rougeL"):
        assert told.svg.count(f">{label}</text>") == 1
    for label in ("entities", "relations", "summaries"):
        assert agreed.svg.count(f">{label}</text>") == 1
    assert "budget" not in told.svg + agreed.svg  # the colours say it, the same on the whole page


def test_a_passage_in_quarantine_is_not_taken_for_its_document(tmp_path: Path) -> None:
    out = make_novel_run(tmp_path, novel())
    (tmp_path / "novel.jsonl").unlink()
    assert '"text":null' in render_run(str(out))
