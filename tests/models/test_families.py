"""Which row a model falls in, and what that row says."""

import json
from pathlib import Path

import pytest

from extractor.errors import UserError
from extractor.models.catalogue import CATALOGUE
from extractor.models.families import FAMILIES, GENERIC, family_of, yarn_overrides
from extractor.models.table import table
from extractor.types import Sampling


@pytest.mark.parametrize(
    ("model", "name", "thinking", "context", "memory"),
    [
        ("Qwen/Qwen3-0.6B", "Qwen3-0.6B", "hybrid", 40960, 1.1),
        ("Qwen/Qwen3-8B", "Qwen3-8B", "hybrid", 40960, 15.3),
        ("qwen/qwen3-8b-fp8", "Qwen3-8B-FP8", "hybrid", 40960, 8.2),
        ("Qwen/Qwen3-14B-AWQ", "Qwen3-14B", "hybrid", 40960, 27.5),
        ("Qwen/Qwen3-30B-A3B", "Qwen3-30B-A3B", "hybrid", 40960, 56.9),
        ("Qwen/Qwen3-235B-A22B-FP8", "Qwen3-235B-A22B-FP8", "hybrid", 40960, 234.3),
        ("Qwen/Qwen3-4B-Instruct-2507", "Qwen3-4B-Instruct-2507", "never", 262144, 7.5),
        ("Qwen/Qwen3-30B-A3B-Thinking-2507-FP8", "Qwen3-30B-A3B-Thinking-2507-FP8", "always", 262144, 30.4),
        ("me/qwen3-news-finetune", "Qwen3", "hybrid", None, None),
        ("Qwen/Qwen3-Coder-30B-A3B-Instruct", "any other", "never", None, None),
        ("Qwen/Qwen3.5-9B", "any other", "never", None, None),
        ("Qwen/Qwen2.5-7B-Instruct", "Qwen2.5 7B-72B", "never", 32768, None),
        ("qwen2.5-coder-1.5b", "Qwen2.5 0.5B-3B", "never", 32768, None),
        ("deepseek-ai/DeepSeek-R1-Distill-Qwen-7B", "DeepSeek-R1-Distill", "always", 131072, None),
        ("smollm2-135m", "SmolLM2", "never", 8192, None),
        ("meta-llama/Llama-3.1-8B-Instruct", "any other", "never", None, None),
    ],
)
def test_a_name_finds_its_row(model: str, name: str, thinking: str, context: int | None, memory: float | None) -> None:
    family = family_of(model)
    assert (family.name, family.thinking, family.context, family.memory_gib) == (name, thinking, context, memory)


@pytest.mark.parametrize(
    "family", [f for f in FAMILIES if f is not GENERIC and " " not in f.name], ids=lambda f: f.name
)
def test_every_row_finds_itself(family: object) -> None:
    assert family_of(f"org/{family.name}") is family  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("config", "name", "yarn"),
    [
        ({"model_type": "qwen3", "num_hidden_layers": 36, "hidden_size": 4096}, "Qwen3-8B", 131072),
        ({"model_type": "qwen3_moe", "num_hidden_layers": 48, "hidden_size": 2048}, "Qwen3-30B-A3B", 131072),
        (
            {
                "model_type": "qwen3",
                "num_hidden_layers": 36,
                "hidden_size": 2560,
                "max_position_embeddings": 262144,
            },
            "Qwen3-4B",
            None,
        ),
        ({"model_type": "qwen3", "num_hidden_layers": 2, "hidden_size": 64}, "Qwen3", 131072),
        ({"model_type": "llama", "num_hidden_layers": 2, "hidden_size": 64}, "any other", None),
    ],
)
def test_a_folder_without_a_telling_name_is_known_by_its_config(
    config: dict[str, object], name: str, yarn: int | None, tmp_path: Path
) -> None:
    (tmp_path / "snapshot").mkdir()
    (tmp_path / "snapshot/config.json").write_text(json.dumps(config))
    family = family_of(str(tmp_path / "snapshot"))
    assert (family.name, family.yarn_context) == (name, yarn)


def test_sampling_is_qwens_own() -> None:
    family = family_of("Qwen/Qwen3-8B")
    assert family.think == Sampling(temperature=0.6, top_p=0.95, top_k=20, min_p=0.0, presence_penalty=0.0)
    assert family.no_think == Sampling(temperature=0.7, top_p=0.8, top_k=20, min_p=0.0, presence_penalty=0.0)


def rope(factor: float) -> dict[str, object]:
    return {
        "rope_type": "yarn",
        "rope_theta": 1_000_000,
        "factor": factor,
        "original_max_position_embeddings": 32768,
    }


@pytest.mark.parametrize(
    ("model", "context", "factor"),
    [
        ("Qwen/Qwen3-8B", 40961, 2.0),
        ("Qwen/Qwen3-8B", 65536, 2.0),
        ("Qwen/Qwen3-8B", 65537, 3.0),
        ("Qwen/Qwen3-30B-A3B-FP8", 131072, 4.0),
        ("Qwen/Qwen2.5-7B-Instruct", 40000, 2.0),
    ],
)
def test_yarn_takes_the_least_factor(model: str, context: int, factor: float) -> None:
    raised = {"max_position_embeddings": int(factor * 32768), "rope_parameters": rope(factor)}
    assert yarn_overrides(family_of(model), context) == {"hf_overrides": raised, "max_model_len": context}


@pytest.mark.parametrize(
    ("model", "context"),
    [("Qwen/Qwen3-8B", 40960), ("Qwen/Qwen3-4B-Instruct-2507", 262144), ("some/model", 10**6)],
)
def test_no_yarn_where_the_model_reaches_that_far_or_nobody_knows(model: str, context: int) -> None:
    assert yarn_overrides(family_of(model), context) == {}


@pytest.mark.parametrize(
    ("model", "context", "most"),
    [
        ("Qwen/Qwen3-8B", 131073, 131072),
        ("Qwen/Qwen3-0.6B", 65536, 40960),
        ("Qwen/Qwen3-4B-Thinking-2507", 262145, 262144),
        ("smollm2-135m", 8193, 8192),
    ],
)
def test_a_context_beyond_the_model_is_refused(model: str, context: int, most: int) -> None:
    with pytest.raises(UserError, match=rf"^--context {context} is beyond .*: at most {most} tokens$"):
        yarn_overrides(family_of(model), context)


@pytest.mark.parametrize("config", [{"rope_theta": 5_000_000}, {"rope_parameters": {"rope_theta": 5_000_000}}])
def test_the_config_knows_better_than_the_table(config: dict[str, object]) -> None:
    family = family_of("Qwen/Qwen3-8B")
    overrides = yarn_overrides(family, 50000, config | {"max_position_embeddings": 32768})
    assert overrides["hf_overrides"]["rope_parameters"]["rope_theta"] == 5_000_000
    assert yarn_overrides(family, 50000, config | {"max_position_embeddings": 65536}) == {}


def test_the_table_has_the_catalogue_first_and_every_family(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EXTRACTOR_CACHE", str(tmp_path))
    rows = table()
    assert [row.name for row in rows[:2]] == list(CATALOGUE)
    assert [row.name.removeprefix("Qwen/") for row in rows[2:]] == [f.name for f in FAMILIES if f is not GENERIC]
    assert [row.present for row in rows[:3]] == [False, False, None]
    assert rows[0].size == "1.1 GB to download, 3.6 GB kept"
    assert rows[0].languages == "Chinese, English"
    by_name = {row.name: row for row in rows}
    assert by_name["Qwen/Qwen3-8B"].memory == "15.3 GiB, FP8 8.2"
    assert by_name["Qwen/Qwen3-8B"].context == "40960, YaRN 131072"
