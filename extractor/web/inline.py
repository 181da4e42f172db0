"""A page in one piece: its style, scripts and data stand in it, and it may load nothing from elsewhere."""

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from extractor.escape import IN_JAVASCRIPT, escaped_json, in_text

WEB = "extractor.web"  # has what pages share: head.html, which wants a `heading`, and plots.html, which wants `plots`
_NEVER = "base-uri 'none'; form-action 'none'"


@dataclass(frozen=True, slots=True)
class PageParts:
    """What a page is made of: files as (package, name), e.g. ("extractor.report", "text.js"), in their order."""

    template: tuple[str, str]
    styles: Sequence[tuple[str, str]]
    scripts: Sequence[tuple[str, str]]
    asks: bool = False  # whether it may ask the server that it came from


def inline(parts: PageParts, data: Any, fields: Mapping[str, Any]) -> str:
    """The page as HTML; its template is given `style`, `script`, `data`, `policy`, `unprintable`, `svg` and the fields.

    `data` is any JSON value, which a script finds in the element called "data".
    """
    style, script = "".join(map(_text, parts.styles)), "".join(map(_text, parts.scripts))
    package, name = parts.template
    environment = Environment(
        loader=ChoiceLoader([PackageLoader(*one.split(".", 1)) for one in (package, WEB)]),
        autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True, finalize=_printable,
    )  # fmt: skip
    asks = "connect-src 'self'; " if parts.asks else ""
    return environment.get_template(name).render(
        style=Markup(style),
        script=Markup(script),
        data=Markup(as_script_data(data)),
        unprintable=IN_JAVASCRIPT,
        policy=f"default-src 'none'; {asks}script-src {_hash(script)}; style-src {_hash(style)}; {_NEVER}",
        svg=Markup,
        **fields,
    )


def as_script_data(value: Any) -> str:
    """JSON that cannot end the script element it stands in, whatever a document says."""
    text = escaped_json(json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False))
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")


def _printable(value: Any) -> Any:
    return value if isinstance(value, Markup) else in_text(value)


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _text(file: tuple[str, str]) -> str:
    package, name = file
    return (files(package) / name).read_text(encoding="utf-8")
