"""Matplotlib figures as inline SVG that takes its colours from the page: no style attribute, no id used twice."""

import io
import re
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from xml.etree import ElementTree

import numpy as np

from extractor.errors import UserError, install
from extractor.escape import in_line, in_text
from extractor.evaluation.intervals import Estimate

SVG = "http://www.w3.org/2000/svg"
XLINK = "{http://www.w3.org/1999/xlink}href"
WIDTH = 400  # viewBox units, near a phone's CSS pixels, so that letters stay as large as they are drawn
INK, FAINT, LINE, PAPER = "#010101", "#020202", "#030303", "#040404"  # stand for CSS variables
_VARIABLES = {INK: "var(--ink)", FAINT: "var(--faint)", LINE: "var(--line)", PAPER: "var(--paper)"}
ARMS = 8  # colours for arms; a ninth begins again
_SETTINGS = {
    "svg.fonttype": "none",  # letters stay letters
    "svg.hashsalt": "extractor",  # the same figure gives the same bytes
    "text.parse_math": False,  # a dollar sign in a type's name is a dollar sign
    "font.size": 11,
    "axes.unicode_minus": True,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": LINE,
    "axes.labelcolor": FAINT,
    "text.color": INK,
    "xtick.color": FAINT,
    "ytick.color": INK,
    "grid.color": LINE,
    "legend.frameon": False,
}


def arm_colour(number: int) -> str:
    """The colour that stands for an arm."""
    return f"#0501{number % ARMS:02x}"


@contextmanager
def figure(height: float) -> Iterator[tuple[Any, Any]]:
    """A (figure, axes) of the report's look, `height` in viewBox units; nothing of matplotlib's state is changed."""
    try:
        from matplotlib import rc_context
        from matplotlib.figure import Figure
    except ImportError:
        raise UserError(f"the plots of a report need matplotlib; {install('eval')}") from None

    with rc_context(_SETTINGS), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # letters that its own font lacks: the browser has them
        made = Figure(figsize=(WIDTH / 72, height / 72), layout="constrained")
        made.patch.set_visible(False)
        axes = made.subplots()
        axes.patch.set_visible(False)
        yield made, axes


def svg_of(made: Any, name: str) -> str:
    """The figure as an <svg> element; its ids begin with `name`."""
    buffer = io.StringIO()
    made.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
    ElementTree.register_namespace("", SVG)
    root = ElementTree.fromstring(in_text(buffer.getvalue()))
    _drop(root, {f"{{{SVG}}}metadata", f"{{{SVG}}}style"})
    for element in root.iter():
        _plain(element, name)
    root.attrib = {"viewBox": root.attrib["viewBox"], "aria-hidden": "true", "class": "plot"}
    return ElementTree.tostring(root, encoding="unicode")


def _drop(root: ElementTree.Element, tags: set[str]) -> None:
    for parent in list(root.iter()):
        for child in [child for child in parent if child.tag in tags]:
            parent.remove(child)


def _plain(element: ElementTree.Element, name: str) -> None:
    for key, value in _declarations(element.attrib.pop("style", "")):
        if not key.startswith("font") or key == "font-size":  # the page's own font, in matplotlib's size
            element.set(key, value)
    if link := element.attrib.pop(XLINK, None):
        element.set("href", link)
    for key, value in element.attrib.items():
        if key == "id":
            element.set(key, name + value)
        elif key == "href" or "url(#" in value:
            element.set(key, value.replace("#", "#" + name))
        else:
            element.set(key, re.sub(r"#[0-9a-f]{6}", _variable, value))


def _declarations(style: str) -> Iterator[tuple[str, str]]:
    for declaration in style.split(";"):
        key, _, value = (part.strip() for part in declaration.partition(":"))
        if key == "font":
            yield "font-size", next(word for word in value.split() if word.endswith("px"))
        elif key:
            yield key, value


def _variable(found: re.Match[str]) -> str:
    colour = found[0]
    return f"var(--arm{int(colour[5:], 16)})" if colour.startswith("#0501") else _VARIABLES.get(colour, colour)


BAR: dict[str, Any] = {"capsize": 0, "markersize": 7, "linewidth": 2, "linestyle": "none", "elinewidth": 2}


def point(estimate: Estimate, row: float, scale: float = 1) -> tuple[float, float, None, Any]:
    """x, y, y-error and x-error of one dot."""
    return scale * (estimate.value or 0), row, None, bars([estimate], scale)


def bars(estimates: Sequence[Estimate], scale: float = 1) -> Any:
    """Lengths of the whiskers below and above each estimate, shape (2, n), in units of `scale`."""
    bounds = [(e.value or 0, e.low, e.high) for e in estimates]
    whiskers = [(v - (v if low is None else low), (v if high is None else high) - v) for v, low, high in bounds]
    return scale * np.clip(np.array(whiskers).T, 0, None)


def rows(axes: Any, labels: Sequence[str]) -> None:
    """One line a label, the first on top."""
    axes.set_yticks(range(len(labels)), [_short(label) for label in labels])
    axes.set_ylim(len(labels) - 0.5, -0.5)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.grid(True, axis="x", linewidth=0.5, color=LINE)
    axes.set_axisbelow(True)


def _short(label: str) -> str:
    shown = in_line(label)
    return shown if len(shown) <= 26 else shown[:25] + "…"
