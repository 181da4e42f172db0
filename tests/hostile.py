"""Texts that do something to a terminal, a page, a log or a reader's eye, unless they are shown escaped."""

import unicodedata

HOSTILE = {
    "clear the screen": "\x1b[2J\x1b[31mred",
    "set the title": "\x1b]0;owned\x07",
    "C1 control": "\x9b31mred\x9b0m",
    "go back": "good\x08\x08\x08\x08evil",
    "carriage return": "evil\rgood",
    "null": "a\x00b",
    "delete": "a\x7fb",
    "next line": "a\x85b",
    "line separators": "a\u2028b\u2029c",
    "a line of ours": "a\nextract: 0 documents\n\tb",
    "right to left": "\u202egnp.exe",
    "isolates": "a\u2066b\u2067c\u2069",
    "marks": "a\u200eb\u200fc\u061cd",
    "no width": "a\u200bb\ufeffc\u2060d",
    "tags": "a\U000e0041\U000e007fb",
    "no character": "a\ufffeb\uffffc",
    "annotation": "a\ufff9b\ufffac\ufffbd",
    "lone surrogates": "a\ud800b\udc80c",
    "markup": "</script><svg/onload=alert(1)>]]><!--",
    "quotes": "\\\"'`$(id){{ 7 * 7 }}%s",
}
HARMLESS = ["王小明", "naïve", "नमस्ते", "می\u200cخواهم", "👩\u200d👩\u200d👧", "ﬁ", "\u3000全角\u00a0", "e\u0301"]
_NEVER = {"Cc", "Cs", "Zl", "Zp"}
_TURNS_OR_HIDES = set("\u061c\u200b\u200e\u200f\u2060\ufeff\ufffe\uffff\ufff9\ufffa\ufffb")
_TURNS_OR_HIDES |= {chr(n) for n in (*range(0x202A, 0x202F), *range(0x2066, 0x206A), *range(0xE0000, 0xE0080))}


def unprintable(text: str, allowed: str = "\n") -> set[str]:
    """What in this text should have been escaped."""
    return {c for c in text if c not in allowed and (unicodedata.category(c) in _NEVER or c in _TURNS_OR_HIDES)}
