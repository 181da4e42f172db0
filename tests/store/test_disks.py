"""Disks that are full or may not be written: one clear line, nothing torn, and the next run finishes the job."""

import multiprocessing
import os
import resource
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fakes import answering, fake_prepared
from shop import GOOD, assert_whole, rows, settle, some, write

from extractor.errors import UserError
from extractor.exits import verdict
from extractor.pipeline.session import run
from extractor.progress.events import Progress
from extractor.progress.prometheus import MetricsFile
from extractor.store.compact import compact
from extractor.store.ledger import faults_of
from extractor.store.manifest import Manifest
from extractor.store.parts import parts_of
from extractor.store.shelf import Shelf
from extractor.store.status import output_status
from extractor.types import Request

pytestmark = pytest.mark.slow


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    """A disk of two megabytes."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", disk], capture_output=True)
    if mounted.returncode:
        pytest.skip("mounting needs root")
    yield disk
    subprocess.run(["umount", "-l", disk], check=True)


def long_answer(request: Request) -> str:
    """An answer that does not compress."""
    return GOOD.replace('"x"', f'"{os.urandom(20_000).hex()}"')


def test_a_full_disk_ends_in_a_line_and_more_room_finishes_the_job(tmp_path: Path, small: Path) -> None:
    inputs, out = write(tmp_path / "in.jsonl", some(60)), small / "out"
    with pytest.raises(OSError) as full:
        settle(inputs, out, long_answer)
    line, code = verdict(full.value)
    assert "No space left on device" in line and "the same command continues" in line and code == 3
    kept = [row["doc_id"] for row in rows(out)]
    assert 4 <= len(kept) < 60
    assert_whole(out, kept)
    with pytest.raises(OSError, match="No space left"):  # as it is, the next run can do no better
        settle(inputs, out, long_answer)
    subprocess.run(["mount", "-o", "remount,size=64m", small], check=True)
    settle(inputs, out, long_answer)
    assert_whole(out, [f"d{number}" for number in range(60)])
    assert output_status(out).pending == 0


def counts(out: Path) -> dict[str, Any]:
    return {row["doc_id"]: row["status"] for row in rows(out)}


@pytest.mark.parametrize("size", ["2m", "3m"])
@pytest.mark.parametrize("part", [4, 13])
def test_what_is_said_of_a_full_disk_is_what_is_stored(tmp_path: Path, small: Path, size: str, part: int) -> None:
    subprocess.run(["mount", "-o", f"remount,size={size}", small], check=True)
    inputs, out, shown = write(tmp_path / "in.jsonl", some(120)), small / "out", tmp_path / "metrics.prom"
    progress = Progress(out, [MetricsFile(shown)])
    prepared = fake_prepared(inputs, out, part_documents=part)
    with pytest.raises(OSError, match="No space left"):
        run(prepared, lambda _: answering(long_answer, 4), progress, bool)
    progress.end(3, now := output_status(out))
    stored = len(counts(out))
    assert 4 <= stored < 120 and stored % part == 0
    assert (now.ok, now.pending, now.documents, now.faults) == (stored, 120 - stored, 120, [])
    assert now.last_run["settled"] == {"ok": stored} and Manifest.load(out).documents == stored
    assert f'extractor_run_documents{{out="{out}",status="ok"}} {stored}\n' in shown.read_text()
    assert not [file for file in (out / ".staging").rglob("*") if file.is_file()]
    assert faults_of(parts_of(out)) == []


def test_a_compact_on_a_full_disk_leaves_nothing_behind(tmp_path: Path, small: Path) -> None:
    out = small / "out"
    settle(write(tmp_path / "in.jsonl", some(20)), out, long_answer)
    before = sorted(map(str, out.rglob("*")))
    with pytest.raises(OSError, match="No space left"):
        compact(out)
    assert sorted(map(str, out.rglob("*"))) == before
    assert faults_of(parts_of(out)) == [] and output_status(out).ok == 20


def test_a_disk_without_room_for_a_lock(tmp_path: Path, small: Path) -> None:
    (small / "ballast").write_bytes(b"x" * (2 << 20))
    with pytest.raises((UserError, OSError), match="No space left on device"):
        settle(write(tmp_path / "in.jsonl", some(1)), small / "out")


def _limited(inputs: Path, out: Path, limit: int, said: Any) -> None:
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # then a write beyond the limit fails, as one to a full disk does
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    try:
        settle(inputs, out, long_answer)
    except OSError as error:
        said.put(verdict(error))


@pytest.mark.parametrize("limit", [3_000, 40_000])
def test_a_file_that_may_not_grow_tears_nothing(tmp_path: Path, limit: int) -> None:
    inputs, out = write(tmp_path / "in.jsonl", some(9)), tmp_path / "out"
    context = multiprocessing.get_context("fork")
    said = context.Queue()
    process = context.Process(target=_limited, args=(inputs, out, limit, said))
    process.start()
    line, code = said.get(timeout=60)
    process.join()
    assert "File too large" in line and code == 3
    settle(inputs, out)
    assert_whole(out, [f"d{number}" for number in range(9)])


@pytest.mark.parametrize("state", ["new", "begun"])
def test_an_output_that_may_only_be_read(tmp_path: Path, small: Path, state: str) -> None:
    inputs, out = write(tmp_path / "in.jsonl", some(5)), small / "out"
    if state == "begun":
        settle(inputs, out, limit=4)
    subprocess.run(["mount", "-o", "remount,ro", small], check=True)
    with pytest.raises(UserError, match="cannot be written: Read-only file system"):
        settle(inputs, out)
    if state == "begun":
        assert output_status(out).settled == 4  # reading still works
    subprocess.run(["mount", "-o", "remount,rw", small], check=True)
    settle(inputs, out)
    assert_whole(out, [f"d{number}" for number in range(5)])


def test_a_crash_half_way_into_a_full_disk_is_swept_away(tmp_path: Path) -> None:
    inputs, out = write(tmp_path / "in.jsonl", some(9)), tmp_path / "out"
    settle(inputs, out, limit=4)
    torn = out / ".staging" / "documents.part-torn.parquet"
    torn.parent.mkdir(parents=True, exist_ok=True)
    torn.write_bytes(b"PAR1 half a part")
    settle(inputs, out)
    assert not torn.exists()
    assert len(Shelf(out).parts()) == 3
