"""Schemas in few words."""

from typing import Any

TEXT: dict[str, Any] = {"type": "string"}


def thing(**properties: Any) -> dict[str, Any]:
    """An object that needs all of these."""
    return {"type": "object", "properties": properties, "required": list(properties)}


def listed(item: Any, **more: Any) -> dict[str, Any]:
    """A list of these."""
    return {"type": "array", "items": item, **more}


def mapped(value: Any, **more: Any) -> dict[str, Any]:
    """A map whose values are these."""
    return {"type": "object", "additionalProperties": value, **more}
