"""What a character is to a name: what it folds to, and whether it is a letter, a mark on one, or a space.

A fold looks at one character alone, so that a table does it: decomposed, without case, and less what only dresses a
name (full width, joiners, optional vowel points, kinds of quotes, dashes and digits, traditional for simplified Han).
"""

import re
import unicodedata
from functools import cache

import numpy as np
import numpy.typing as npt

from extractor.scripts import is_glued

WORD = 1  # a letter or digit, or a mark on one, of a script that puts spaces between words
LETTER = 2  # such a letter, without the marks on it
SPACE = 4
MARK = 8  # a part of the letter before it
TRAILS = 16  # a mark, or a joiner: it stands with the character before it

Bytes = npt.NDArray[np.uint8]
# By code point; what no text had yet is 0.
KIND: Bytes = np.zeros(0x110000, np.uint8)
LENGTH: Bytes = np.zeros(0x110000, np.uint8)  # of what it folds to
ORDER: Bytes = np.zeros(0x110000, np.uint8)  # of marks on one letter

_JAMO = re.compile("[\u1100-\u1112][\u1161-\u1175][\u11a8-\u11c2]?|[\uac00-\ud7a3][\u11a8-\u11c2]")
_DROPPED = re.compile(
    "[\u0640\u115f\u1160\u3164\uffa0"  # tatweel, Hangul fillers
    "\u00b7\u2022\u2027\u2219\u30fb"  # middle dots
    "\u064b-\u0655\u0670\u06d6-\u06dc\u06df-\u06e4\u06e7\u06e8\u06ea-\u06ed"  # optional points of Arabic
    "\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7"  # of Hebrew
    "\u034f\ufe00-\ufe0f\U000e0100-\U000e01ef]"  # joiner and variation selectors
)
_ONE = {
    **dict.fromkeys("'`´‘’‚‛′ʹʼʻ‹›׳", "'"),
    **dict.fromkeys('"“”„‟″«»「」『』《》〈〉״', '"'),
    **dict.fromkeys("،、", ","),
    **dict.fromkeys("يى", "ی"),
    **dict.fromkeys("○◯", "〇"),
    "。": ".",
    "−": "-",
    "ك": "ک",
    "ٱ": "ا",
    "ة": "ه",
}


class _Folds(dict[int, str]):
    """What each code point folds to, for str.translate; it learns them as they come."""

    def __missing__(self, code: int) -> str:
        said = self[code] = _fold_of(chr(code))
        LENGTH[code] = len(said)
        for character in (chr(code), *said):
            KIND[ord(character)] = kind(character)
            ORDER[ord(character)] = unicodedata.combining(character)
        return said


FOLDS = _Folds()


@cache
def kind(character: str) -> int:
    """The bits of WORD, LETTER, SPACE, MARK and TRAILS that hold for it."""
    category = unicodedata.category(character)
    if character.isspace() or category[0] == "Z":
        return SPACE
    if category[0] == "M" or character in "\uff9e\uff9f" or re.match("[\u1160-\u11ff\ud7b0-\ud7ff]", character):
        return MARK | TRAILS | (0 if is_glued(character) else WORD)
    if category == "Cf" or character == "\u0640":
        return TRAILS
    if not character.isalnum() or is_glued(character):
        return 0
    return WORD | LETTER if character.isalpha() else WORD


def syllables(text: str) -> str:
    """The text with Hangul written in single jamo as syllables, of the same length: joiners fill the room."""
    if text.isascii():
        return text
    return _JAMO.sub(lambda jamo: unicodedata.normalize("NFC", jamo[0]).ljust(len(jamo[0]), "\u200d"), text)


def _fold_of(character: str) -> str:
    if "\uac00" <= character <= "\ud7a3":
        return character
    plain = _ONE.get(character) or _decomposed(_decomposed(character).casefold())
    return _DROPPED.sub("", "".join(map(_alike, plain)))


def _decomposed(text: str) -> str:
    return _JAMO.sub(lambda jamo: unicodedata.normalize("NFC", jamo[0]), unicodedata.normalize("NFKD", text))


def _alike(character: str) -> str:
    """The one character that stands for all that say the same."""
    category = unicodedata.category(character)
    if category == "Cf":
        return ""
    if kind(character) & SPACE:
        return " "
    if category in ("Pd", "Nd"):
        return "-" if category == "Pd" else str(unicodedata.decimal(character))
    return _simplified().get(_ONE.get(character, character), _ONE.get(character, character))


@cache
def _simplified() -> dict[str, str]:
    """Traditional Han characters with the simplified one for each; none without the extra `zh`."""
    try:
        from opencc import OpenCC
    except ImportError:
        return {}
    han = [chr(code) for first, last in _HAN for code in range(first, last + 1)]
    plain = OpenCC("t2s").convert("\n".join(han)).split("\n")
    return {one: other for one, other in zip(han, plain, strict=True) if one != other and len(other) == 1}


_HAN = ((0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0x20000, 0x2A6DF))
