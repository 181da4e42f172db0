"""What of a summary stands in the text: invented names and numbers are found, wrong ties of right names are not."""

import re
import unicodedata
from collections.abc import Iterable

from extractor.scripts import HANGUL, UNSPACED, is_glued

_GLUED = UNSPACED + HANGUL
_LETTER = rf"[^\W_{_GLUED}]"
_WORD = re.compile(f"{_LETTER}+")
_PARTING = {code: " " for code in range(128) if not chr(code).isalnum()}  # the same in ASCII, and quicker
_RUN = re.compile(rf"[{_GLUED}]+|[^\W_{_GLUED}]+")
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_CAPITALISED = re.compile(rf"(?<!{_LETTER})[^\W\d_{_GLUED}](?:[^\W_{_GLUED}]|['’.-])*[^\W_{_GLUED}]")
_OWNER = re.compile("['’]s?\\Z")  # Byron's
_NEW_SENTENCE = re.compile(r"(?:\A|[.!?:;…。！？：；\n])[\s\"'“”‘’«»(\[*-]*\Z")


def fold(text: str) -> str:
    """The form in which texts are compared: NFKC, case folded, white space collapsed."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def support(summary: str, text: str) -> float | None:
    """The share of the summary's words that the text has, of pairs of characters in scripts that glue words, 0 to 1.

    None for a summary without any.
    """
    runs = _RUN.findall(fold(summary))
    words = [run for run in runs if not is_glued(run[0])]
    pairs = [run[n : n + 2] for run in runs if is_glued(run[0]) for n in range(max(len(run) - 1, 1))]
    known, whole = set(_words(text)) if words else (), fold(text) if pairs else ""
    there = sum(word in known for word in words) + sum(pair in whole for pair in pairs)
    return there / (len(words) + len(pairs)) if runs else None


def _words(text: str) -> list[str]:
    """The words of the text's fold."""
    return text.casefold().translate(_PARTING).split() if text.isascii() else _WORD.findall(fold(text))


def unsupported(summary: str, text: str, ungrounded: Iterable[str] = ()) -> list[str]:
    """Numbers and names of the summary that are not in the text, each once, in the summary's order.

    Names are those of `ungrounded` that it has, and its runs of capitalised words inside a sentence.
    """
    numbers, runs = _NUMBER.findall(summary), _capitalised(summary)
    known = {_plain(number) for number in _NUMBER.findall(text)} if numbers else set()
    whole = fold(text) if runs else ""
    missing = [
        *(number for number in numbers if _plain(number) not in known),
        *(name for name in ungrounded if name in summary),
        *(run for run in runs if not _has(whole, fold(run))),
    ]
    return sorted(dict.fromkeys(missing), key=summary.find)


def _has(whole: str, name: str) -> bool:
    """Whether the name stands there between what is no letter or digit of a spaced script."""
    at = whole.find(name)
    while at >= 0:
        around = whole[at - 1 : at] + whole[at + len(name) : at + len(name) + 1]
        if not _WORD.search(around):
            return True
        at = whole.find(name, at + 1)
    return False


def _plain(number: str) -> str:
    """A number without what does not matter: its script, commas, zeros at its ends."""
    digits = "".join(str(int(one)) if one.isdecimal() else one for one in number.replace(",", ""))
    return (digits.rstrip("0").rstrip(".") if "." in digits else digits).lstrip("0")


def _capitalised(text: str) -> list[str]:
    """The runs of capitalised words that do not begin a sentence."""
    runs: list[tuple[int, int]] = []
    for word in _CAPITALISED.finditer(text):
        start, end = word.span()
        if not text[start].isupper():
            continue
        if runs and text[runs[-1][1] : start].isspace():
            runs[-1] = (runs[-1][0], end)
        elif not _NEW_SENTENCE.search(text[max(0, start - 8) : start] if start > 8 else text[:start]):
            runs.append((start, end))
    return [_OWNER.sub("", text[start:end]) for start, end in runs]
