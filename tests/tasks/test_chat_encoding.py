"""Prompts are encoded turn by turn, what they share once; the tokens are those of the whole text."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from fakes import FakeTokenizer
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny import SPECIAL, TEMPLATE, _tokenizer
from tokenizers import AddedToken
from transformers import AutoTokenizer

from extractor.tasks.chat import Chat
from extractor.tasks.neutral import Neutraliser

PIECES = [*SPECIAL, " ", "\n", "a", "user\n", "Ada wrote", "文", "<|", "[SEP]"]


@pytest.fixture(scope="module", params=["plain", "takes in blanks"])
def tokenizer(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder: Path = tmp_path_factory.mktemp("tokenizer")
    _tokenizer(folder, TEMPLATE)
    loaded = AutoTokenizer.from_pretrained(folder)
    if request.param == "takes in blanks":
        loaded.add_tokens([AddedToken("[SEP]", lstrip=True, rstrip=True, special=True)])
    return loaded


@pytest.mark.slow
def test_the_parts_make_the_whole(tokenizer: Any) -> None:
    chat = Chat(tokenizer)

    @settings(max_examples=300)
    @given(st.lists(st.sampled_from(PIECES)).map("".join))
    def check(text: str) -> None:
        assert chat.encode(text) == tokenizer.encode(text, add_special_tokens=False)

    check()


TEXTS = st.lists(st.sampled_from(PIECES) | st.text(max_size=9)).map("".join)
BEFORE = [{"role": "system", "content": "Rules."}, {"role": "user", "content": "A?"}]


@pytest.mark.slow
@pytest.mark.parametrize("before", [BEFORE[:1], BEFORE, [{"role": "system", "content": "<|im_end|"}]], ids=str)
def test_a_prompt_by_its_frame_is_the_whole_prompt(tokenizer: Any, before: list[dict[str, str]]) -> None:
    """Whatever the document holds, neutralised or not, and whether a thread has encoded it before."""
    chat = Chat(tokenizer)
    neutraliser = Neutraliser(chat.control_strings())
    frame = chat.frame(before, "no_think")
    assert frame

    @settings(max_examples=200)
    @given(st.lists(TEXTS, min_size=1, max_size=4), st.booleans())
    def check(texts: list[str], ahead: bool) -> None:
        texts += list(map(neutraliser.neutralise, texts))
        with ThreadPoolExecutor(1) as thread:
            if ahead:
                chat.encode_ahead(frame, texts, thread)
            for text in texts:
                whole = chat.render([*before, {"role": "user", "content": text}], "no_think")
                assert chat.encode_in(frame, text) == tokenizer.encode(whole, add_special_tokens=False)

    check()


@pytest.mark.slow
def test_what_nobody_asks_for_is_not_kept(tokenizer: Any) -> None:
    chat = Chat(tokenizer)
    frame = chat.frame(BEFORE, "no_think")
    assert frame
    with ThreadPoolExecutor(1) as thread:
        for batch in range(40):
            chat.encode_ahead(frame, [f"{batch} {n}" for n in range(16)], thread)
    assert 0 < len(chat._ahead) <= 128


class Recording(FakeTokenizer):
    def __init__(self) -> None:
        super().__init__()
        self.encoded: list[str] = []

    def encode(self, text: str, add_special_tokens: bool = False) -> list[int]:
        self.encoded.append(text)
        return super().encode(text, add_special_tokens)


def test_what_prompts_share_is_encoded_once() -> None:
    tokenizer = Recording()
    chat = Chat(tokenizer)
    for text in ("One.", "Two.", "Three."):
        chat.encode(chat.render([{"role": "system", "content": "Rules."}, {"role": "user", "content": text}], "think"))
    assert tokenizer.encoded.count("<|im_start|>system\nRules.") == 1
    assert [said for said in tokenizer.encoded if "<|im_start|>user" in said and "." in said] == [
        f"<|im_start|>user\n{text}" for text in ("One.", "Two.", "Three.")
    ]
