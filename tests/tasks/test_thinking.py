"""Modes and sampling that a model or vLLM cannot do are refused with the cure."""

from pathlib import Path

import pytest
from fakes import FakeTokenizer, fake_prepared

from extractor.errors import UserError
from extractor.tasks.chat import Chat
from extractor.tasks.template import ThinkingKind
from extractor.tasks.thinking import check_mode, check_sampling
from extractor.types import Mode, Sampling

FINE: list[tuple[ThinkingKind, Mode, bool]] = [
    *(("hybrid", mode, False) for mode in ("no_think", "think", "auto")),
    ("always", "think", False),
    ("never", "no_think", False),
    ("never", "think", True),
    ("never", "auto", True),
    ("never", "no_think", True),
]
REFUSED: list[tuple[ThinkingKind, Mode, bool, str]] = [
    ("always", "no_think", False, "--mode no_think: M always thinks; use --mode think"),
    ("always", "auto", False, "--mode auto: M always thinks; use --mode think"),
    ("never", "think", False, "add --thinking prompted"),
    ("never", "auto", False, "or use --mode no_think"),
    ("hybrid", "think", True, "--thinking prompted: M thinks by itself; leave the flag out"),
    ("always", "think", True, "leave the flag out"),
]


@pytest.mark.parametrize("kind, mode, prompted", FINE)
def test_what_a_model_can_do(kind: ThinkingKind, mode: Mode, prompted: bool) -> None:
    check_mode("M", Chat(FakeTokenizer(kind)), mode, prompted)


@pytest.mark.parametrize("kind, mode, prompted, said", REFUSED)
def test_what_a_model_cannot_do(kind: ThinkingKind, mode: Mode, prompted: bool, said: str) -> None:
    with pytest.raises(UserError) as caught:
        check_mode("M", Chat(FakeTokenizer(kind)), mode, prompted)
    assert said in str(caught.value)


def test_greedy_thinking_is_refused_unless_forced_or_prompted() -> None:
    greedy = {"think": Sampling(0.0)}
    with pytest.raises(UserError, match="--force-greedy"):
        check_sampling(greedy, "hybrid", False)  # type: ignore[arg-type]
    check_sampling(greedy, "hybrid", True)  # type: ignore[arg-type]
    check_sampling(greedy, "never", False)  # type: ignore[arg-type]
    check_sampling({"no_think": Sampling(0.0)}, "hybrid", False)


@pytest.mark.parametrize(
    "given, said",
    [
        ({"temperature": 5}, "--sampling temperature=5: Input should be less than or equal to 2"),
        ({"top_p": 0}, "--sampling top_p=0: Input should be greater than 0"),
        ({"top_k": 2.5}, "--sampling top_k=2.5: Input should be a valid integer"),
        ({"heat": 1}, "--sampling heat: not known (one of min_p, "),
    ],
)
def test_sampling_that_vllm_refuses_is_told_before_anything_runs(
    tmp_path: Path, given: dict[str, float], said: str
) -> None:
    (tmp_path / "in.jsonl").write_text('{"text": "Ada"}\n')
    with pytest.raises(UserError) as caught:
        fake_prepared(tmp_path / "in.jsonl", tmp_path / "out", sampling=given)
    assert str(caught.value).startswith(said)
