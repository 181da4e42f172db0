"""The bytes that a token stands for: a letter may be several tokens, and none of them is text by itself."""

import re
from collections.abc import Sequence
from functools import cached_property
from typing import Any

_TRIAL = "a é中"  # a blank, and letters that are several bytes
_BYTE = re.compile(r"<0x([0-9A-F]{2})>")


class TokenBytes:
    """Gives the bytes of tokens, by either alphabet that tokenizers write them in (GPT-2's, or SentencePiece's)."""

    def __init__(self, tokenizer: Any) -> None:
        self._tokenizer = tokenizer
        self._known: dict[int, bytes] = {}

    def __call__(self, ids: Sequence[int]) -> list[bytes] | None:
        """The bytes of each token; None where this tokenizer does not tell them."""
        if not self._is_told:
            return None
        if new := [token for token in set(ids) if token not in self._known]:
            self._known |= zip(new, self._read(self._tokenizer.convert_ids_to_tokens(new)), strict=True)
        return [self._known[token] for token in ids]

    def _read(self, pieces: Sequence[str]) -> list[bytes]:
        added = self._tokenizer.get_added_vocab()
        return [
            (piece or "").encode() if piece in added else (_from_gpt2 if self._is_gpt2 else _from_piece)(piece or "")
            for piece in pieces
        ]

    @cached_property
    def _trial(self) -> list[str]:
        read = getattr(self._tokenizer, "convert_ids_to_tokens", None)
        return list(read(list(self._tokenizer.encode(_TRIAL, add_special_tokens=False)))) if read else []

    @cached_property
    def _is_gpt2(self) -> bool:
        return b"".join(map(_from_gpt2, self._trial)) == _TRIAL.encode()

    @cached_property
    def _is_told(self) -> bool:
        return self._is_gpt2 or b"".join(map(_from_piece, self._trial)).lstrip() == _TRIAL.encode()


def _from_gpt2(piece: str) -> bytes:
    return b"".join(bytes([_ALPHABET[c]]) if c in _ALPHABET else c.encode() for c in piece)


def _from_piece(piece: str) -> bytes:
    found = _BYTE.fullmatch(piece)
    return bytes([int(found[1], 16)]) if found else piece.replace("▁", " ").encode()


def _alphabet() -> dict[str, int]:
    """Printable Latin-1 stands for itself, other bytes for the letters from U+0100 on (GPT-2's bytes_to_unicode)."""
    own = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(256) if byte not in own]
    return {chr(byte): byte for byte in own} | {chr(0x100 + n): byte for n, byte in enumerate(others)}


_ALPHABET = _alphabet()
