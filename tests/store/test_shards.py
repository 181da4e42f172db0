"""Shards: runs of shares of the documents, at once, into one output, which holds in the end what one run would."""

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from shop import GOOD, Clerk, assert_whole, rows, settle, some, write

from extractor.api import Output
from extractor.documents.shard import Shard
from extractor.errors import Locked, UserError
from extractor.evaluation.runs import load_run
from extractor.store.compact import compact
from extractor.store.lock import locked
from extractor.store.manifest import Manifest
from extractor.store.shards import place_of
from extractor.store.status import output_status
from extractor.system.crash import VARIABLE
from extractor.types import Completion, Request

pytestmark = pytest.mark.slow
SLOW_RUN = [sys.executable, str(Path(__file__).parents[1] / "slow_extract.py"), "run"]
IDS = [f"d{number}" for number in range(40)]


@pytest.fixture
def inputs(tmp_path: Path) -> Path:
    return write(tmp_path / "in.jsonl", some(40))


def of_all(out: Path) -> list[str]:
    """The ids that a reader finds, those of shards too."""
    return sorted(Output(out)["documents"]["doc_id"].to_pylist())


def shards_of(inputs: Path, out: Path, of: int = 3, clerk: Clerk | None = None, **given: Any) -> None:
    for number in range(1, of + 1):
        settle(inputs, out, clerk or Clerk(), shard=f"{number}/{of}", **given)


def started(inputs: Path, out: Path, shard: str, **environment: str) -> subprocess.Popen[bytes]:
    command = [*SLOW_RUN, str(inputs), "--schema", "news", "--out", str(out), "--shard", shard, "--part-seconds", "0.2"]
    return subprocess.Popen([*command, "--quiet"], env=os.environ | environment, stdout=subprocess.DEVNULL)


def test_readers_see_the_rows_of_shards(tmp_path: Path, inputs: Path) -> None:
    shards_of(inputs, tmp_path / "out")
    assert of_all(tmp_path / "out") == sorted(IDS)
    status = output_status(tmp_path / "out", by_id=True)
    assert (status.ok, status.pending, status.faults) == (40, 0, [])
    assert status.shards == {"1/3": "finished", "2/3": "finished", "3/3": "finished"}


def test_what_is_left_is_not_known_before_all_shards_ran(tmp_path: Path, inputs: Path) -> None:
    settle(inputs, tmp_path / "out", shard="2/3")
    status = output_status(tmp_path / "out")
    assert (status.pending, status.shards, status.last_run["state"]) == (None, {"2/3": "finished"}, "stopped")


def test_the_next_run_takes_them_in_and_asks_nothing(tmp_path: Path, inputs: Path) -> None:
    shards_of(inputs, tmp_path / "out")
    clerk = Clerk()
    tally = settle(inputs, tmp_path / "out", clerk)
    assert (tally.skipped, clerk.asked) == (40, [])
    assert_whole(tmp_path / "out", IDS)
    assert not (tmp_path / "out" / "shards").exists()
    assert Manifest.of_output(tmp_path / "out").documents == 40


def test_compact_takes_them_in(tmp_path: Path, inputs: Path) -> None:
    shards_of(inputs, tmp_path / "out")
    assert compact(tmp_path / "out").after == 1
    assert_whole(tmp_path / "out", IDS)
    assert output_status(tmp_path / "out", by_id=True).faults == []


def test_the_same_shards_again_ask_nothing_before_and_after_they_were_taken_in(tmp_path: Path, inputs: Path) -> None:
    shards_of(inputs, tmp_path / "out")
    clerk = Clerk()
    shards_of(inputs, tmp_path / "out", clerk=clerk)
    compact(tmp_path / "out")
    shards_of(inputs, tmp_path / "out", clerk=clerk)
    shards_of(inputs, tmp_path / "out", of=5, clerk=clerk)
    assert clerk.asked == []
    assert of_all(tmp_path / "out") == sorted(IDS)


@pytest.mark.parametrize("taken_in", [True, False])
def test_a_document_that_changed_is_done_again_once(tmp_path: Path, inputs: Path, taken_in: bool) -> None:
    out, clerk = tmp_path / "out", Clerk()
    settle(inputs, out) if taken_in else shards_of(inputs, out, of=2)
    changed = {"d3", "d17", "d30"}
    write(inputs, [(name, "Alice left." if name in changed else text) for name, text in some(40)])
    shards_of(inputs, out, clerk=clerk)
    assert Counter(clerk.asked) == Counter(changed)
    assert of_all(out) == sorted(IDS)
    assert output_status(out, by_id=True).faults == []
    settle(inputs, out)
    assert_whole(out, IDS)


def test_another_job_is_refused_and_superseded_where_it_is_said(tmp_path: Path, inputs: Path) -> None:
    shards_of(inputs, tmp_path / "out")
    with pytest.raises(UserError, match="holds another job"):
        settle(inputs, tmp_path / "out", shard="1/2", seed=1)
    shards_of(inputs, tmp_path / "out", of=2, seed=1, supersede=True)
    assert of_all(tmp_path / "out") == sorted(IDS)


def test_a_limit_is_that_of_all_shards_together(tmp_path: Path, inputs: Path) -> None:
    shards_of(inputs, tmp_path / "out", limit=10)
    assert of_all(tmp_path / "out") == sorted(IDS[:10])


def test_shards_of_another_number_wait_for_those_under_way(tmp_path: Path, inputs: Path) -> None:
    out = tmp_path / "out"
    settle(inputs, out, shard="1/3")
    with locked(place_of(out, Shard(1, 3))):
        settle(inputs, out, shard="2/3")
        with pytest.raises(Locked, match="1-of-3"):
            settle(inputs, out, shard="2/4")
        with pytest.raises(Locked, match="1-of-3"):
            settle(inputs, out)
        with pytest.raises(Locked, match="1-of-3"):
            compact(out)
    settle(inputs, out)
    assert_whole(out, IDS)


def test_retry_and_comparison_take_no_shard(tmp_path: Path, inputs: Path) -> None:
    from extractor.jobs.arms import arms_of
    from extractor.jobs.retry import asked_again

    with pytest.raises(UserError, match="retry takes all"):
        asked_again(tmp_path / "out", {"shard": "1/2"})
    with pytest.raises(UserError, match="comparison is of whole outputs"):
        arms_of("think,no_think", [str(inputs)], tmp_path, {"shard": "1/2"})


def test_retry_takes_the_quarantined_of_all_shards(tmp_path: Path, inputs: Path) -> None:
    from fakes import Silent, answering, fake_model

    from extractor.jobs.prepare import prepare
    from extractor.jobs.retry import asked_again, ready_again
    from extractor.pipeline.session import run

    out = tmp_path / "out"
    shards_of(inputs, out, clerk=Clerk(lambda request: "no" if request.document.id in ("d1", "d2") else GOOD))
    assert output_status(out).quarantined == 2
    ready = ready_again(asked_again(out, {}), (), lambda one: prepare(one.job, load=fake_model()))
    run(ready, lambda _: answering(lambda request: GOOD), Silent(), bool)
    assert_whole(out, IDS)
    assert output_status(out).quarantined == 0


def test_nothing_is_read_of_a_shard_that_is_a_link_out_of_the_output(tmp_path: Path, inputs: Path) -> None:
    settle(inputs, tmp_path / "out", shard="1/2")
    settle(inputs, tmp_path / "other", shard="2/2")
    place_of(tmp_path / "out", Shard(2, 2)).symlink_to(place_of(tmp_path / "other", Shard(2, 2)))
    with pytest.raises(UserError, match="link out of the output"):
        output_status(tmp_path / "out")


@pytest.mark.parametrize("armed", ["before-journal", "after-journal", "move:2", "move:9", "after-commit"])
def test_whoever_dies_while_taking_them_in_loses_nothing(tmp_path: Path, inputs: Path, armed: str) -> None:
    out = tmp_path / "out"
    shards_of(inputs, out)
    code = "import sys, pathlib; from extractor.store.compact import compact; compact(pathlib.Path(sys.argv[1]))"
    died = subprocess.run([sys.executable, "-c", code, str(out)], env=os.environ | {VARIABLE: armed}, check=False)
    assert died.returncode == -signal.SIGKILL
    assert of_all(out) == sorted(IDS)
    assert output_status(out, by_id=True).faults == []
    clerk = Clerk()
    shards_of(inputs, out, clerk=clerk)
    settle(inputs, out, clerk)
    assert clerk.asked == []
    assert_whole(out, IDS)


def test_shards_at_once_of_which_some_are_killed(tmp_path: Path) -> None:
    inputs, out = write(tmp_path / "in.jsonl", some(120)), tmp_path / "out"
    paces = {1: "0.3", 2: "0.3", 3: "0.02", 4: "0.02"}
    runs = [started(inputs, out, f"{number}/4", SLOW_SECONDS=pace) for number, pace in paces.items()]
    ends = time.monotonic() + 60
    while time.monotonic() < ends and not all(
        list(place_of(out, Shard(number, 4)).glob("documents/*.parquet")) for number in (1, 2)
    ):
        time.sleep(0.05)
    for killed in runs[:2]:
        killed.kill()
    assert {run.wait() for run in runs[2:]} == {0}
    told = output_status(out).shards
    assert [told[f"{number}/4"] for number in range(1, 5)] == ["stopped", "stopped", "finished", "finished"]
    before = set(of_all(out))
    again = [started(inputs, out, f"{number}/4") for number in (1, 2)]
    assert {run.wait() for run in again} == {0}
    assert before <= set(of_all(out)) and len(of_all(out)) == 120
    assert output_status(out, by_id=True).faults == []
    whole = subprocess.run(
        [*SLOW_RUN, str(inputs), "--schema", "news", "--out", str(out)], capture_output=True, check=True
    )
    assert b"120 settled before" in whole.stderr
    assert len(rows(out)) == 120


def test_the_place_of_a_shard_says_where_to_look(tmp_path: Path, inputs: Path) -> None:
    settle(inputs, tmp_path / "out", shard="1/3")
    told = json.loads((place_of(tmp_path / "out", Shard(1, 3)) / "manifest.json").read_text())
    whole = json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert (told["settings"]["shard"], whole["settings"]["shard"]) == ("1/3", None)
    assert told["identity"] == whole["identity"] and told["settings"]["out"] == whole["settings"]["out"]


def test_an_estimate_is_of_the_share(tmp_path: Path, inputs: Path) -> None:
    from fakes import fake_prepared

    from extractor.jobs.estimate import estimate

    cost = estimate(fake_prepared(inputs, tmp_path / "out", shard="1/4"), None)
    assert cost.documents == 10


def test_whoever_evaluates_knows_of_the_runs_of_shards(tmp_path: Path, inputs: Path) -> None:
    from fakes import fake_prepared

    from extractor.jobs.estimate import estimate

    def asked_more(request: Request) -> Completion:
        return Completion(request, GOOD, output_tokens=7)

    shards_of(inputs, tmp_path / "out", clerk=Clerk(asked_more))
    assert load_run(str(tmp_path / "out")).last_work.output_tokens == 7 * 40
    assert estimate(fake_prepared(inputs, tmp_path / "out"), None).tokens_per_second is not None
