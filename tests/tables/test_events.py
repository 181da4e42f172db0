"""The table `events` from the shipped finance schema to its rows: what any further table goes through."""

import json
from pathlib import Path

import pyarrow.parquet as pq
from fakes import Silent, answering, fake_prepared

from extractor.jobs.check import check
from extractor.pipeline.session import run
from extractor.store.status import output_status

EXAMPLE = json.loads((Path(__file__).parents[2] / "schemas/finance.examples.jsonl").read_text(encoding="utf-8"))


def test_the_finance_schema_feeds_it(tmp_path: Path) -> None:
    (tmp_path / "in.jsonl").write_text(json.dumps({"id": "a", "text": EXAMPLE["text"]}) + "\n", encoding="utf-8")
    prepared = fake_prepared(tmp_path / "in.jsonl", tmp_path / "out", schema="finance")
    assert check(prepared, {}).tables == ["entities ← entities", "events ← events", "summary ← summary"]
    answer = json.dumps(EXAMPLE["answer"])
    run(prepared, lambda _: answering(lambda _: answer), Silent(), lambda: False)
    first, _, last = pq.read_table(tmp_path / "out" / "events").to_pylist()
    assert (first["event_id"], first["name"], first["type"]) == ("e1", "had bought", "acquisition")
    assert (first["participants"], first["when"], first["where"]) == (["Quarrymen Foods", "Pip & Husk"], "9 June", None)
    assert json.loads(first["attributes"]) == {"amount": "$85 million"}
    assert last["participant_ids"] == ["e3", "e2"]  # the entities of these names
    assert output_status(tmp_path / "out").rows["events"] == 3
