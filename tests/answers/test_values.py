"""Tokens laid along an answer: each name and value gets the log-probabilities of those that share a byte with it."""

import json
from collections.abc import Sequence
from typing import Any

import pytest
from fakes import FakeTokenizer, a_request
from hypothesis import given
from hypothesis import strategies as st

from extractor.answers.values import joined, read_logprobs, spans
from extractor.tasks.token_bytes import TokenBytes
from extractor.types import Completion, Document, ValueLogprobs

REQUEST = a_request(Document("d", "x", "in:1"), logprobs=True)


def by_value(pieces: Sequence[bytes], text: str | None = None) -> ValueLogprobs | None:
    """What is read of an answer whose token n stands for pieces[n] and has the log-probability -n."""
    said = b"".join(pieces).decode() if text is None else text
    tokens, logprobs = list(range(len(pieces))), [-float(n) for n in range(len(pieces))]
    found = read_logprobs(Completion(REQUEST, said, tokens, logprobs=logprobs), lambda ids: [pieces[i] for i in ids])
    assert not found.logprobs, "they are kept until they are read, and no longer"
    return found.value_logprobs


HAN = "中".encode()
CASES: list[tuple[list[bytes], ValueLogprobs]] = [
    ([b'{"a":', b" ", b'"x', b'y"', b"}"], [[0.0], [-2.0, -3.0]]),  # a token holds a quotation mark and a letter
    ([b'{"', b"a", b'":"', b"x", b'"}'], [[-1.0], [-3.0]]),  # a quotation mark alone belongs to nobody
    ([b'["', HAN[:1], HAN[1:2], HAN[2:], b'"]'], [[-1.0, -2.0, -3.0]]),  # a letter of three tokens
    ([b"[1", b"2, tr", b"ue", b",null]"], [[0.0, -1.0], [-1.0, -2.0], [-3.0]]),
    ([b'["', b'", "', b'a"]'], [[], [-2.0]]),  # an empty text has none
    ([b'["a', b'\\"1', b'"]'], [[0.0, -1.0]]),
    ([b' {"a": ', b"1}", b"<|im_end|>"], [[0.0], [-1.0]]),
]


@pytest.mark.parametrize("pieces, expected", CASES)
def test_a_value_has_the_tokens_that_it_shares_a_byte_with(pieces: list[bytes], expected: ValueLogprobs) -> None:
    text = b"".join(pieces).decode().removesuffix("<|im_end|>")
    assert by_value(pieces, text) == expected


def test_the_blank_before_the_first_word_is_no_part_of_the_answer() -> None:
    assert by_value([b" [", b"1]"], "[1]") == [[-1.0]]


def test_nothing_is_told_where_tokens_and_text_differ() -> None:
    assert by_value([b"[1", b"]"], "[2]") is None
    completion = Completion(REQUEST, "[1]", [1, 2], logprobs=[-1.0, -1.0])
    assert read_logprobs(completion, lambda ids: None).value_logprobs is None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=12,
)


def scalars(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [one for name, inner in value.items() for one in (name, *scalars(inner))]
    return [one for inner in value for one in scalars(inner)] if isinstance(value, list) else [value]


@given(JSON, st.booleans(), st.randoms())
def test_every_value_of_any_answer_is_found_and_its_bytes_are_its_tokens(value: Any, ascii: bool, random: Any) -> None:
    text = json.dumps(value, ensure_ascii=ascii, indent=random.choice([None, 1]))
    expected = scalars(value)
    found = [text[start:end] for start, end in spans(text)]
    assert [
        json.loads(f'"{f}"') if isinstance(e, str) else json.loads(f) for f, e in zip(found, expected, strict=True)
    ] == expected
    whole = text.encode()
    cuts = sorted(random.sample(range(1, max(len(whole), 2)), min(5, max(len(whole) - 1, 0))))
    pieces = [whole[a:b] for a, b in zip([0, *cuts], [*cuts, len(whole)], strict=True)]
    logprobs = by_value(pieces, text)
    assert logprobs is not None
    for said, own in zip(found, logprobs, strict=True):
        assert said.encode() in b"".join(pieces[int(-one)] for one in own or ())


def test_pieces_are_laid_one_behind_the_other() -> None:
    known = Completion(REQUEST, '{"a": 1}', value_logprobs=[[-1.0], [-2.0]])
    unknown = Completion(REQUEST, '{"b": [1, 2]}')
    assert joined([known, unknown]) == [[-1.0], [-2.0], None, None, None]
    assert joined([unknown, unknown]) is None


class Gpt2(FakeTokenizer):
    """A token a byte, in GPT-2's alphabet."""

    def encode(self, text: str, add_special_tokens: bool = False) -> list[int]:
        return list(text.encode())

    def convert_ids_to_tokens(self, ids: Sequence[int]) -> list[str]:
        others = [byte for byte in range(256) if not (0x21 <= byte < 0x7F or 0xA1 <= byte < 0xAD or byte >= 0xAE)]
        return [chr(0x100 + others.index(token)) if token in others else chr(token) for token in ids]


class Piece(FakeTokenizer):
    """A token a byte, as SentencePiece falls back to bytes."""

    def encode(self, text: str, add_special_tokens: bool = False) -> list[int]:
        return list(text.encode())

    def convert_ids_to_tokens(self, ids: Sequence[int]) -> list[str]:
        return ["▁" if token == 0x20 else f"<0x{token:02X}>" for token in ids]


class Dumb(FakeTokenizer):
    """One that says something else than it reads."""

    def convert_ids_to_tokens(self, ids: Sequence[int]) -> list[str]:
        return ["?" for _ in ids]


@pytest.mark.parametrize("tokenizer", [FakeTokenizer(), Gpt2(), Piece()], ids=lambda one: type(one).__name__)
def test_tokens_of_each_alphabet_are_bytes(tokenizer: Any) -> None:
    for text in ("a b", "王小明 in Zürich", "🦊\n"):
        assert b"".join(TokenBytes(tokenizer)(tokenizer.encode(text)) or []) == text.encode()
    assert TokenBytes(Dumb())([65]) is None
