"""Text that a stranger wrote, on its way out: what is not printable is shown escaped, so that it does nothing."""

import codecs
import json
import re
from typing import Any

# Control characters, marks that turn or hide text, line ends that only some programs know, lone surrogates, and what
# XML forbids. Joiners are not among them: Persian, Indic scripts and emoji are written with them.
UNPRINTABLE = (
    *((0x00, 0x08), (0x0B, 0x1F), (0x7F, 0x9F), (0x061C, 0x061C), (0x180E, 0x180E), (0x200B, 0x200B)),
    *((0x200E, 0x200F), (0x2028, 0x202E), (0x2060, 0x206F), (0xD800, 0xDFFF), (0xFDD0, 0xFDEF), (0xFEFF, 0xFEFF)),
    *((0xFFF9, 0xFFFB), (0xFFFE, 0xFFFF), (0xE0000, 0xE007F)),
)
_CLASS = "".join(f"\\U{first:08x}-\\U{last:08x}" for first, last in UNPRINTABLE)
_IN_TEXT, _IN_LINE = re.compile(f"[{_CLASS}]"), re.compile(f"[\t\n{_CLASS}]")
IN_JAVASCRIPT = "[" + "".join(f"\\u{{{first:x}}}-\\u{{{last:x}}}" for first, last in UNPRINTABLE) + "]"


def in_line(text: object) -> str:
    r"""As one line: "\n", "\x1b", "\u202e" for what would break it, or not be seen."""
    return _IN_LINE.sub(_escaped, str(text))


def in_text(text: object) -> str:
    """The same, with its lines and tabs as they are."""
    return _IN_TEXT.sub(_escaped, str(text))


def in_json(value: Any, indent: int | None = None) -> str:
    """As JSON in which nothing stands that is not printable; the values are the same."""
    return escaped_json(json.dumps(value, ensure_ascii=False, indent=indent, default=str))


def escaped_json(text: str) -> str:
    """JSON text, with the same values, in which nothing stands that is not printable."""
    return _IN_TEXT.sub(lambda found: _json_escape(found[0]), text)


def _json_escape(text: str) -> str:
    units = text.encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{units[at : at + 4]}" for at in range(0, len(units), 4))


def _escaped(found: re.Match[str]) -> str:
    return found[0].encode("unicode_escape").decode()


def _for_a_stream(error: UnicodeError) -> tuple[str, int]:
    assert isinstance(error, UnicodeEncodeError)
    return _json_escape(error.object[error.start : error.end]), error.end


STREAM_ERRORS = "extractor.escape"  # for streams that cannot say a character: JSON stays JSON, and a person can read it
codecs.register_error(STREAM_ERRORS, _for_a_stream)
