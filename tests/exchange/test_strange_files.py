"""Files that nobody's tool wrote: each is converted, or refused in one line."""

import json
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from extractor.errors import UserError
from extractor.exchange.convert import Conversion, convert

ODD = st.none() | st.booleans() | st.integers(-3, 9) | st.floats(allow_nan=False) | st.text(max_size=3)
VALUES = ODD | st.lists(ODD, max_size=3) | st.dictionaries(st.text(max_size=3), ODD, max_size=2)
REGION = {
    "id": "a",
    "from_name": "l",
    "type": "labels",
    "value": {"start": 0, "end": 3, "text": "Ada", "labels": ["p"]},
}
TASK = {
    "id": 1,
    "data": {"text": "Ada met Bo.", "record": {"a": "b"}},
    "annotations": [
        {
            "result": [
                REGION | {"meta": {"text": ["name: A"]}},
                REGION | {"id": "b"},
                {"type": "relation", "from_id": "a", "to_id": "b", "labels": ["met"], "direction": "right"},
                {"type": "choices", "from_name": "c", "value": {"choices": ["x"]}},
            ]
        }
    ],
}
RELATED = {
    "id": 1,
    "text": "Ada met Bo.",
    "entities": [{"id": 1, "label": "p", "start_offset": 0, "end_offset": 3}],
    "relations": [{"from_id": 1, "to_id": 1, "type": "met"}],
    "meta": {"lang": "en"},
    "events": [{"name": "met"}],
}
SEQUENCE = {"id": 1, "text": "Ada met Bo.", "label": [[0, 3, "p"]], "Comments": []}
ANN = [
    "T1\tP 0 3\tAda",
    "E1\tP:T1 Who:T1",
    "R1\tm Arg1:T1 Arg2:T1",
    "A1\told T1 3",
    "*\tEquiv T1 T1",
    "#1\tN T1\tname: x",
]


def mutated(draw: st.DrawFn, value: Any) -> Any:
    """The value with something in it replaced by something odd, or gone."""
    if isinstance(value, dict) and value and draw(st.integers(0, 3)):
        key = draw(st.sampled_from(sorted(value)))
        rest = {name: held for name, held in value.items() if name != key}
        return rest if draw(st.integers(0, 5)) == 0 else {**rest, key: mutated(draw, value[key])}
    if isinstance(value, list) and value and draw(st.integers(0, 3)):
        place = draw(st.integers(0, len(value) - 1))
        return [mutated(draw, one) if number == place else one for number, one in enumerate(value)]
    return draw(VALUES)


def converted(name: str, text: str, kind: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / name
        source.parent.mkdir(exist_ok=True)
        source.write_text(text, "utf-8", newline="")
        if kind == "brat":
            (source.parent / "d.txt").write_text("Ada met Bo.")
        try:
            convert(Conversion(source.parent if kind == "brat" else source, Path(folder) / "gold.jsonl", kind))
        except UserError as error:
            assert "\n" not in str(error) and len(str(error)) > 20


@pytest.mark.parametrize(
    ("row", "kind"),
    [(TASK, "label-studio"), (RELATED, "doccano"), (SEQUENCE, "doccano")],
    ids=["label-studio", "doccano with relations", "doccano"],
)
@settings(max_examples=150)
@given(data=st.data())
def test_odd_json_is_converted_or_refused(row: dict[str, Any], kind: str, data: st.DataObject) -> None:
    odd = data.draw(st.composite(lambda draw: mutated(draw, row))())
    converted("file.json", json.dumps([odd]), kind)


@settings(max_examples=150)
@given(data=st.data())
def test_odd_lines_of_brat_are_converted_or_refused(data: st.DataObject) -> None:
    lines = data.draw(st.lists(st.sampled_from(ANN), max_size=6))
    text = "\n".join(lines)
    for _ in range(data.draw(st.integers(0, 4))):
        place, odd = data.draw(st.integers(0, len(text))), data.draw(st.sampled_from("\t :;T9-\r\nE*#\u2028"))
        text = text[:place] + odd + text[place + data.draw(st.integers(0, 1)) :]
    converted("brat/d.ann", text, "brat")
