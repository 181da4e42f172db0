"""How tokens are drawn where nobody says so: by the family, else by the model's own file; and `check` says which."""

import json
from pathlib import Path
from typing import Any

import pytest
from fakes import FakeTokenizer
from tiny import NEVER, make_tiny

from extractor.jobs.check import check
from extractor.jobs.job import make_job
from extractor.jobs.prepare import Prepared, prepare
from extractor.models.families import GREEDY, QWEN_NO_THINK, QWEN_THINK
from extractor.models.resolve import resolve
from extractor.models.sampling import sampling_of
from extractor.tasks.chat import Chat
from extractor.types import Sampling

FILE = "generation_config.json"
UNKNOWN = {"model_type": "glm4", "max_position_embeddings": 8192}


def model_with(folder: Path, config: dict[str, Any], generation: object | None) -> Path:
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps(config))
    if generation is not None:
        (folder / FILE).write_text(generation if isinstance(generation, str) else json.dumps(generation))
    return folder


@pytest.mark.parametrize(
    ("generation", "no_think", "source"),
    [
        ({"temperature": 0.8, "top_p": 0.6, "top_k": 40}, Sampling(0.8, 0.6, 40), FILE),
        ({"do_sample": True, "top_p": 0.9, "repetition_penalty": 1.05}, Sampling(1.0, 0.9, 0, 0, 0, 1.05), FILE),
        ({"temperature": 0.7, "presence_penalty": 1.5, "min_p": None}, Sampling(0.7), FILE),
        ({"do_sample": False, "temperature": 0.7}, GREEDY, f"{FILE}, but for thoughts"),
        ({"eos_token_id": 2}, GREEDY, f"no {FILE} that says how"),
        ({"temperature": "hot"}, GREEDY, f"no {FILE} that says how"),
        ({"temperature": 9}, GREEDY, f"no {FILE} that says how"),
        ([1], GREEDY, f"no {FILE} that says how"),
        ("{no json", GREEDY, f"no {FILE} that says how"),
        (None, GREEDY, f"no {FILE} that says how"),
    ],
)
def test_a_family_that_is_not_known_is_asked_as_its_own_file_says(
    tmp_path: Path, generation: object, no_think: Sampling, source: str
) -> None:
    found = sampling_of(resolve(str(model_with(tmp_path / "model", UNKNOWN, generation))))
    assert (found.no_think, found.source) == (no_think, source)
    assert found.think == (no_think if source == FILE else QWEN_THINK)


def test_what_is_known_of_a_family_comes_first(tmp_path: Path) -> None:
    known = {"model_type": "qwen3", "num_hidden_layers": 36, "hidden_size": 4096}
    found = sampling_of(resolve(str(model_with(tmp_path / "model", known, {"temperature": 0.1}))))
    assert (found.think, found.no_think, found.source) == (QWEN_THINK, QWEN_NO_THINK, "known for Qwen3-8B")


def prepared(folder: Path, model: Path, **given: Any) -> Prepared:
    source = folder / "in.jsonl"
    source.write_text('{"text": "Ada"}\n')
    words = {"inputs": [str(source)], "schema": "news", "out": folder / "out", "examples": "none", "model": str(model)}
    return prepare(make_job(words | given), load=lambda job: (resolve(job.model), Chat(FakeTokenizer())))


def test_check_says_where_the_sampling_comes_from(tmp_path: Path) -> None:
    model = model_with(tmp_path / "model", UNKNOWN | {"max_position_embeddings": 8192}, {"temperature": 0.8})
    for given, said in (({}, FILE), ({"sampling": {"top_p": 0.5}}, f"flag, over: {FILE}")):
        ready = prepared(tmp_path, model, **given)
        origins = dict.fromkeys(given, "flag")
        rows = {flag: (value, origin) for flag, value, origin in check(ready, origins).settings}
        assert rows["--sampling"][0]["no_think"]["temperature"] == 0.8
        assert rows["--sampling"][1] == said


@pytest.mark.parametrize("broken", ["[]", '{"text_config": null}', '{"text_config": [1]}'])
def test_a_config_of_another_shape_is_no_fault_of_ours(tmp_path: Path, broken: str) -> None:
    folder = make_tiny(tmp_path / "model", NEVER)
    (folder / "config.json").write_text(broken)
    assert resolve(str(folder)).family.name == "any other"
