"""Scripts that put no spaces between words; nobody else says which they are."""

import re

# Thai, Lao, Tibetan, Myanmar, Khmer, kana, Bopomofo, Yi, and Han with its extensions
UNSPACED = (
    r"\u0e00-\u0fff\u1000-\u109f\u1780-\u17ff\u2e80-\u2fdf\u3005-\u3007\u3021-\u3029\u3031-\u3035\u3040-\u312f"
    r"\u31a0-\u31bf\u31f0-\u31ff\u3400-\u4dbf\u4e00-\ua4cf\uf900-\ufaff\uff66-\uff9f\U0001b000-\U0001b16f"
    r"\U00020000-\U0003ffff"
)
HANGUL = r"\u1100-\u11ff\u3130-\u318f\ua960-\ua97f\uac00-\ud7ff"  # spaces, but endings grow onto names
_TOKEN = re.compile(rf"[{UNSPACED}]|[^\W_{UNSPACED}]+")
_GLUED = re.compile(rf"[{UNSPACED}{HANGUL}]")
_GLUED_TOKEN = re.compile(rf"[{UNSPACED}{HANGUL}]|[^\W_{UNSPACED}{HANGUL}]+")


def tokens(text: str) -> list[str]:
    """Its words; in a script without spaces each character."""
    return _TOKEN.findall(text)


def is_glued(character: str) -> bool:
    """Whether a name may end at it in the middle of what is written as one word."""
    return _GLUED.match(character) is not None


def count_glued(text: str) -> int:
    """How many characters of it are of such scripts."""
    return 0 if text.isascii() else len(_GLUED.findall(text))


def glued_tokens(text: str) -> list[str]:
    """Its words; in a script without spaces, and in Hangul, each character."""
    return _GLUED_TOKEN.findall(text)
