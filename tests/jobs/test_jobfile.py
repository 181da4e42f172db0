"""Job files: what they may say, what is refused with which words, and what wins over what."""

from pathlib import Path

import pytest

from extractor.errors import UserError
from extractor.jobs.file import GivenJob, load_jobs

TWO = """
inputs = ["a.jsonl", "nights/*.parquet", "-", "s3://bucket/c.jsonl"]
model = "qwen3-8b"
engine-arg = ["max_num_seqs=8", "dtype=half"]

[[job]]
schema = "news"
out = "out/news"

[[job]]
schema = "own.json"
out = "/srv/own"
model = "small"
max_answer_tokens = 64
sampling = { temperature = 0.5 }
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "job.toml"
    path.write_text(text)
    return path


def loaded(folder: Path, text: str, **flags: object) -> list[GivenJob]:
    return load_jobs(written(folder, text), flags)


def test_top_level_keys_are_shared_and_each_job_overrides(tmp_path: Path) -> None:
    first, second = (asked.job for asked in loaded(tmp_path, TWO))
    assert first.inputs == [str(tmp_path / "a.jsonl"), str(tmp_path / "nights/*.parquet"), "-", "s3://bucket/c.jsonl"]
    assert (first.schema_, first.out, first.model) == ("news", tmp_path / "out/news", "qwen3-8b")
    assert first.engine_arg == second.engine_arg == {"max_num_seqs": 8, "dtype": "half"}
    assert (second.schema_, second.out, second.model) == (str(tmp_path / "own.json"), Path("/srv/own"), "small")
    assert (second.max_answer_tokens, second.sampling, first.sampling) == (64, {"temperature": 0.5}, {})


def test_flags_win_over_the_file_and_each_value_knows_where_it_came_from(tmp_path: Path) -> None:
    text = 'inputs = "a.jsonl"\nschema = "news"\nout = "o"\nlimit = 9\nfrom = "old"\nmax-runtime = "2h"'
    [asked] = loaded(tmp_path, text, limit=3, schema_="finance")
    assert (asked.job.limit, asked.job.schema_, asked.job.inputs) == (3, "finance", [str(tmp_path / "a.jsonl")])
    assert asked.job.from_ == tmp_path / "old"
    assert asked.origins == {
        "inputs": "job.toml",
        "schema_": "flag",
        "out": "job.toml",
        "limit": "flag",
        "from_": "job.toml",
        "max_runtime": "job.toml",
    }


def test_a_model_folder_beside_the_file_is_a_path_and_a_model_name_is_none(tmp_path: Path) -> None:
    (tmp_path / "tuned").mkdir()
    text = 'inputs = "a"\nout = "o"\nschema = "{}"\nmodel = "{}"\nexamples = "none"'
    [local] = loaded(tmp_path, text.format("pets:Pet", "tuned"))
    [named] = loaded(tmp_path, text.format("news", "Qwen/Qwen3-8B"))
    assert (local.job.schema_, local.job.model) == ("pets:Pet", str(tmp_path / "tuned"))
    assert (named.job.schema_, named.job.model, named.job.examples) == ("news", "Qwen/Qwen3-8B", "none")


def test_a_calibration_lies_beside_the_file(tmp_path: Path) -> None:
    [asked] = loaded(tmp_path, 'inputs = "a"\nout = "o"\nschema = "news"\nconfidence = true\ncalibration = "c.json"')
    assert asked.job.confidence and asked.job.calibration == tmp_path / "c.json"


@pytest.mark.parametrize("declared", ['env = ["NIGHT"]', '[environment]\nnames = ["NIGHT"]'])
def test_declared_variables_are_expanded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, declared: str) -> None:
    monkeypatch.setenv("NIGHT", "2026-11-22")
    job = '[[job]]\ninputs = "in/${NIGHT}"\nschema = "news"\nout = "o"\non-finish = "echo $EXTRACT_OUT $${NIGHT}"'
    [asked] = loaded(tmp_path, f"{declared}\n{job}")
    assert asked.job.inputs == [str(tmp_path / "in/2026-11-22")]
    assert asked.job.on_finish == "echo $EXTRACT_OUT ${NIGHT}"


ONE = 'inputs = "a"\nschema = "news"\nout = "o"\n'
PAIR = '[[job]]\nout = "o"\n[[job]]\nout = "p"\n'
REFUSED = [
    ('inptus = "a"', "'inptus' is no setting; did you mean 'inputs'?"),
    (
        'schema = "news"\n[[job]]\nout = "o"\n[[job]]\nschmea = "a"',
        "[[job]] 2: 'schmea' is no setting; did you mean 'schema'?",
    ),
    (ONE + "max-answer-token = 3", "'max-answer-token' is no setting; did you mean 'max_answer_tokens'?"),
    (ONE + "limit = 0", "limit 0: Input should be greater than or equal to 1"),
    (ONE + 'limit = "many"', "limit many: Input should be a valid integer"),
    (ONE + 'max-runtime = "2 hours"', "max_runtime 2 hours: write it as a number with its unit: 90s, 30m, 2h, 1d"),
    (ONE + "max-runtime = 7200", "max_runtime 7200: Input should be a valid string"),
    (ONE + "part-seconds = 3\npart_seconds = 4", "'part_seconds' is there twice, with - and with _"),
    (ONE + "a b = 3", "not TOML: Expected '=' after a key in a key/value pair (at line 4, column 3)"),
    ('inputs = "a"\nout = "o"', "schema is missing"),
    (PAIR + 'schema = "news"', "[[job]] 1: schema is missing"),
    (ONE + PAIR.replace('"p"', '"./x/../o"'), "[[job]] 2: out: "),
    (ONE + 'job = "nightly"', "job: write each job as a table [[job]]"),
    (ONE + 'keep = ["${HOME}"]', 'keep: 1: ${HOME} is not declared: add env = ["HOME"] at the top, or write $${HOME}'),
    ('env = ["NO_SUCH_ONE"]\nout = "${NO_SUCH_ONE}"', "out: ${NO_SUCH_ONE} is not set in the environment"),
    ('env = "HOME"\n' + ONE, 'environment: write it as env = ["NAME"], or as a table with names = ["NAME"]'),
    ("[environment]\nname = []", 'environment: write it as env = ["NAME"], or as a table with names = ["NAME"]'),
]


@pytest.mark.parametrize(("text", "says"), REFUSED)
def test_what_cannot_be_meant_is_refused_with_file_and_key(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(UserError) as refused:
        loaded(tmp_path, text)
    assert str(refused.value).startswith(f"{tmp_path / 'job.toml'}: {says}")
    assert "\n" not in str(refused.value)


def test_a_wrong_flag_is_not_blamed_on_the_file(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"^--limit 0: Input should be greater"):
        loaded(tmp_path, ONE, limit=0)


def test_an_out_for_several_jobs_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"^--out x: .*job.toml has 2 jobs, and each needs an out of its own"):
        loaded(tmp_path, ONE + PAIR, out="x")


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"job file .*absent.toml: No such file or directory"):
        load_jobs(tmp_path / "absent.toml", {})
