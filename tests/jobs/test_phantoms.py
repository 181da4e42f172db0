"""A row that was bad, and is not there any more, goes from the output when its source is read again to its end."""

import json
from dataclasses import replace
from pathlib import Path

from fakes import Silent, answering, fake_prepared
from shop import GOOD, Clerk, rows, settle, some, write

from extractor.jobs.retry import quarantined
from extractor.pipeline.session import run
from extractor.store.status import output_status


def half_written(path: Path) -> None:
    """Four documents, the last line of which is only begun; the line is ended, as an editor's save ends it."""
    whole = write(path, some(4)).read_text().splitlines()
    path.write_text("\n".join([*whole[:3], whole[3][:20], ""]))


def test_the_next_run_takes_it_away(tmp_path: Path) -> None:
    inputs, out = tmp_path / "in.jsonl", tmp_path / "out"
    half_written(inputs)
    settle(inputs, out)
    assert output_status(out).problems == {"bad_line": 1}
    settle(write(inputs, some(4)), out)
    now = output_status(out)
    assert (now.ok, now.quarantined, now.faults) == (4, 0, [])
    assert rows(out, "quarantine") == [] and {row["doc_id"] for row in rows(out)} == {f"d{n}" for n in range(4)}


def test_so_does_a_retry(tmp_path: Path) -> None:
    inputs, out = tmp_path / "in.jsonl", tmp_path / "out"
    half_written(inputs)
    settle(inputs, out)
    write(inputs, some(4))
    ready = replace(fake_prepared(inputs, out, part_documents=4), again=quarantined([]))
    run(ready, lambda _: answering(lambda request: GOOD), Silent(), bool)
    assert output_status(out).quarantined == 0


def test_one_that_is_still_bad_stays(tmp_path: Path) -> None:
    inputs, out = tmp_path / "in.jsonl", tmp_path / "out"
    half_written(inputs)
    settle(inputs, out)
    settle(inputs, out)
    assert output_status(out).problems == {"bad_line": 1}


def test_a_source_that_was_not_read_keeps_its_rows(tmp_path: Path) -> None:
    inputs, out, clerk = tmp_path / "in.jsonl", tmp_path / "out", Clerk()
    half_written(inputs)
    settle(inputs, out)
    settle(write(tmp_path / "other.jsonl", [("x", "Alice")]), out)  # another file
    settle(write(inputs, some(4)), out, clerk, limit=2)  # and not to its end
    assert output_status(out).quarantined == 1
    inputs.write_text(json.dumps({"id": "d0", "text": None}) + "\n")
    settle(inputs, out)
    assert output_status(out).problems == {"no_text": 1}
