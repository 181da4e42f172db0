"""Prompts are encoded turn by turn, what they share once; the tokens are those of the whole text."""

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
