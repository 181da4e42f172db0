"""The metrics file, read back by Prometheus' own parser."""

from collections import Counter
from pathlib import Path

import pytest
from programs import PLAIN, documents, ran
from prometheus_client.parser import text_string_to_metric_families

from extractor.errors import UserError
from extractor.progress.events import Counts
from extractor.progress.prometheus import HELP, MetricsFile, samples, text
from extractor.progress.tally import Tally

Key = tuple[str, tuple[tuple[str, str], ...]]


def parsed(said: str) -> dict[Key, float]:
    """Every sample; it is an error to say one twice, or to leave HELP or TYPE out."""
    found: dict[Key, float] = {}
    families = list(text_string_to_metric_families(said))
    assert len({family.name for family in families}) == len(families), "one group a metric"
    for family in families:
        assert (family.type, family.documentation) == ("gauge", HELP[family.name])
        for sample in family.samples:
            key = (sample.name, tuple(sorted(sample.labels.items())))
            assert key not in found
            found[key] = sample.value
    return found


def value(found: dict[Key, float], name: str, **labels: str) -> float | None:
    return found.get((name, tuple(sorted(labels.items()))))


def test_a_run_writes_what_it_did(tmp_path: Path) -> None:
    source, out, metrics = documents(tmp_path / "d.jsonl", 5), tmp_path / "out", tmp_path / "m.prom"
    words = ["run", source, "--schema", "news", "--out", out, *PLAIN, "--metrics", metrics]
    assert ran(*words)[0] == 0
    found = parsed(metrics.read_text())
    assert value(found, "extractor_run_documents", out=str(out), status="ok") == 5
    assert value(found, "extractor_documents", out=str(out), status="ok") == 5
    assert value(found, "extractor_run_settled_before_documents", out=str(out)) == 0
    assert value(found, "extractor_run_pending_documents", out=str(out)) == 0
    assert value(found, "extractor_run_exit_code", out=str(out)) == 0
    assert value(found, "extractor_run_state", out=str(out), state="finished") == 1
    assert value(found, "extractor_run_state", out=str(out), state="running") == 0
    assert (value(found, "extractor_run_output_tokens", out=str(out)) or 0) > 0
    began = value(found, "extractor_run_start_timestamp_seconds", out=str(out)) or 0
    assert began <= (value(found, "extractor_run_end_timestamp_seconds", out=str(out)) or 0)
    assert ran(*words)[0] == 0
    found = parsed(metrics.read_text())
    assert value(found, "extractor_run_documents", out=str(out), status="ok") == 0
    assert value(found, "extractor_run_settled_before_documents", out=str(out)) == 5
    assert value(found, "extractor_documents", out=str(out), status="ok") == 5
    assert [path.name for path in tmp_path.iterdir() if "tmp" in path.name] == []


def test_a_failure_is_there_with_its_code(tmp_path: Path) -> None:
    source, metrics = documents(tmp_path / "d.jsonl", 5), tmp_path / "m.prom"
    words = ["run", source, "--schema", "news", "--out", tmp_path / "o", *PLAIN, "--metrics", metrics]
    assert ran(*words, SLOW_DIES_AT=3)[0] == 3
    found = parsed(metrics.read_text())
    assert value(found, "extractor_run_exit_code", out=str(tmp_path / "o")) == 3
    assert value(found, "extractor_run_state", out=str(tmp_path / "o"), state="failed") == 1
    assert value(found, "extractor_run_pending_documents", out=str(tmp_path / "o")) == 3


def test_jobs_of_one_file_share_one_metrics_file(tmp_path: Path) -> None:
    documents(tmp_path / "d.jsonl", 2)
    job = tmp_path / "job.toml"
    top = 'inputs = "d.jsonl"\nexamples = "none"\ncontext = 100000\nmetrics = "m.prom"\n'
    job.write_text(f'{top}[[job]]\nschema = "news"\nout = "a"\n[[job]]\nschema = "news"\nout = "b"\nlimit = 1\n')
    assert ran("job", job)[0] == 0
    found = parsed((tmp_path / "m.prom").read_text())
    said = [value(found, "extractor_run_documents", out=str(tmp_path / name), status="ok") for name in "ab"]
    assert said == [2, 1]


@pytest.mark.parametrize("out", ['with "quotes"', "back\\slash", "new\nline", "灯塔", "{a='b'}"])
def test_any_path_is_a_label(out: str) -> None:
    counts = Counts(Path(out), Tally(10, skipped=4, settled=Counter(ok=2, quarantined=1)))
    found = parsed(text({out: samples(counts, 1_800_000_000.5)}))
    assert value(found, "extractor_run_documents", out=out, status="quarantined") == 1
    assert value(found, "extractor_run_pending_documents", out=out) == 3
    assert value(found, "extractor_run_state", out=out, state="running") == 1
    assert value(found, "extractor_run_exit_code", out=out) is None
    assert value(found, "extractor_run_end_timestamp_seconds", out=out) is None


def test_what_is_not_known_is_absent() -> None:
    found = parsed(text({"o": samples(Counts(Path("o"), Tally(None)), 0.0)}))
    assert value(found, "extractor_run_pending_documents", out="o") is None


def test_the_file_follows_the_run(tmp_path: Path) -> None:
    file, counts = MetricsFile(tmp_path / "m.prom", every=0.0), Counts(Path("o"), Tally(2))
    file.see("start", counts)
    counts.tally.skipped = 1
    file.see("document", counts)
    assert value(parsed((tmp_path / "m.prom").read_text()), "extractor_run_settled_before_documents", out="o") == 1


def test_a_place_that_cannot_be_written_is_refused_before_a_model_is_loaded(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match=r"--metrics .*choose another place"):
        MetricsFile(tmp_path / "file" / "m.prom").see("start", Counts(Path("o")))
    source = documents(tmp_path / "d.jsonl", 1)
    words = ["run", source, "--schema", "news", "--out", tmp_path / "o", *PLAIN]
    code, said, err = ran(*words, "--metrics", tmp_path / "file" / "m.prom")
    assert (code, said) == (1, "")
    assert [line for line in err.splitlines() if "--metrics" in line] == [
        f"extract: --metrics {tmp_path / 'file' / 'm.prom'}: File exists; choose another place"
    ]
