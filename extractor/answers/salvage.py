"""What stands of an answer that broke off: its complete items."""

import json
from typing import Any

from extractor.answers.read import read

_CLOSES = {"{": "}", "[": "]"}


def salvage(text: str) -> dict[str, Any]:
    """The properties of a JSON object that breaks off, the last one cut after its last complete item; {} for none."""
    try:
        value, _ = read(_closed(text))
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def each_once(record: dict[str, Any]) -> dict[str, Any]:
    """The record with every item of its lists once: a loop says nothing new."""
    return {key: _once(value) for key, value in record.items()}


def _closed(text: str) -> str:
    """The text up to where the last property of the root, or item of a list in one, is complete; closed there."""
    end, closing, is_text, escaped = 0, "", False, False
    open_: list[str] = []
    for place, character in enumerate(text):
        if is_text:
            is_text = escaped or character != '"'
            escaped = not escaped and character == "\\"
            continue
        is_text = character == '"'
        if character in _CLOSES:
            open_.append(character)
        elif character in "}]" and open_:
            open_.pop()
        if character in ",}]" and (len(open_) < 2 or (len(open_) == 2 and open_[1] == "[")):
            end = place + (character != ",")
            closing = "".join(_CLOSES[one] for one in reversed(open_))
    return text[:end] + closing


def _once(value: Any) -> Any:
    if not isinstance(value, list):
        return value
    return list({json.dumps(item, sort_keys=True): item for item in value}.values())
