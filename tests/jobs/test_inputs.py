"""What a job does about its inputs before a model is loaded, and when they fail under it."""

import gzip
import json
import re
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from fakes import fake_prepared
from programs import PLAIN, documents, ran
from shop import settle, some, write

from extractor.errors import UserError
from extractor.exits import STOPPED
from extractor.jobs.check import check
from extractor.jobs.job import Job
from extractor.jobs.prepare import prepare
from extractor.models.resolve import Model
from extractor.store.status import output_status
from extractor.store.tables import SCHEMAS
from extractor.tasks.chat import Chat


def never(job: Job) -> tuple[Model, Chat]:
    raise AssertionError("a model is loaded")


@pytest.mark.parametrize("name", SCHEMAS["documents"].names)
def test_a_kept_name_of_ours_is_refused_before_a_model_is_loaded(tmp_path: Path, name: str) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(json.dumps({"id": "a", "text": "x", name: "theirs"}) + "\n")
    job = Job(inputs=[str(path)], schema="news", out=tmp_path / "out", keep=[name], examples="none")  # type: ignore[call-arg]
    with pytest.raises(UserError, match=f"--keep {name}: the output has a column of that name; rename yours"):
        prepare(job, load=never)


def test_a_run_refuses_it_with_one_line(tmp_path: Path) -> None:
    path = documents(tmp_path / "a.jsonl", 3)
    code, out, err = ran("run", path, "--schema", "news", "--out", tmp_path / "out", *PLAIN, "--keep", "status")
    assert (code, out) == (1, "") and "--keep status: the output has a column of that name" in err
    assert not (tmp_path / "out").exists()


def test_the_types_of_kept_columns_are_asked_once(tmp_path: Path) -> None:
    for number, n in enumerate([pa.array([1], pa.int8()), pa.array([2**40])]):
        pq.write_table(pa.table({"id": [f"d{number}"], "text": ["x"], "n": n}), tmp_path / f"{number}.parquet")
    prepared = fake_prepared(tmp_path, tmp_path / "out", keep=["n"])
    assert prepared.columns.types == prepared.kept == pa.schema([("n", pa.int64())])


@pytest.mark.slow
def test_a_source_that_cannot_be_read_to_its_end_ends_the_run_with_work_left(tmp_path: Path) -> None:
    data = gzip.compress(write(tmp_path / "plain", some(2000)).read_bytes())
    (tmp_path / "in").mkdir()
    path = tmp_path / "in" / "a.jsonl.gz"
    path.write_bytes(data[: len(data) // 2])
    tally = settle(tmp_path / "in", tmp_path / "out", part_documents=100)
    assert tally.stopped and not tally.drained
    assert re.fullmatch(rf"{path} from row \d+ on the file cannot be read.*", tally.faults[0])
    before = output_status(tmp_path / "out")
    assert 0 < before.settled < 2000 and before.quarantined == 0 and before.pending is None
    path.write_bytes(data)
    assert settle(tmp_path / "in", tmp_path / "out", part_documents=100).new == 2000 - before.settled
    after = output_status(tmp_path / "out")
    assert (after.settled, after.quarantined) == (2000, 0)


def test_a_source_that_fails_ends_with_its_own_line_and_the_other_jobs_go_on(tmp_path: Path) -> None:
    (tmp_path / "b.jsonl.gz").write_bytes(b"\x1f\x8b broken")
    documents(tmp_path / "a.jsonl", 3)
    shared = 'schema = "news"\nexamples = "none"\n'
    jobs = [f'[[job]]\ninputs = ["{name}"]\nout = "{n}"\n' for n, name in enumerate(["b.jsonl.gz", "a.jsonl"])]
    (tmp_path / "job.toml").write_text(shared + "".join(jobs))
    code, _, err = ran("job", tmp_path / "job.toml")
    assert code == STOPPED == 5
    assert "warning: " in err and "b.jsonl.gz from row 1 on the file cannot be read" in err
    assert output_status(tmp_path / "1").ok == 3


def test_a_check_says_what_cannot_be_read_and_what_is_left_out(tmp_path: Path) -> None:
    settle(write(tmp_path / "a.jsonl", some(5)), tmp_path / "old")
    (tmp_path / "b.jsonl.gz").write_bytes(b"\x1f\x8b broken")
    notes = check(fake_prepared(tmp_path, tmp_path / "new"), {}).notes
    assert f"{tmp_path}/old is an output of extract run, and is left out" in notes
    assert any(note.startswith(f"{tmp_path}/b.jsonl.gz from row 1 on the file cannot be read") for note in notes)


def test_a_run_says_what_is_left_out(tmp_path: Path) -> None:
    documents(tmp_path / "a.jsonl", 3)
    words = ["run", tmp_path, "--schema", "news", "--out", tmp_path / "out", *PLAIN]
    assert ran(*words)[0] == 0
    code, _, err = ran(*words)
    assert code == 0 and f"{tmp_path}/out is an output of extract run, and is left out" in err
