"""Two real output folders that disagree in ways that are known, and what is right."""

import json
from pathlib import Path
from typing import Any

from fakes import Silent, answering, fake_prepared

from extractor.pipeline.session import run
from extractor.types import Request

TEXTS = {
    "d1": "Ada Lovelace met Charles Babbage in London. Lovelace wrote notes on the engine.",
    "d2": "青渡镇 lies on the river. 温以宁 leads the 𠮷祥书店 there, with 🦊 on its sign.",
    "d3": "<b>Mallory</b> & Bob own Quarry Ltd. It is rainy.",
    "d4": "Nothing is disputed about Zürich.",
}
Said = tuple[list[tuple[str, str]], list[tuple[str, str, str]]]
FOUND: dict[str, dict[str, Said]] = {
    "a": {
        "d1": (
            [("Ada Lovelace", "person"), ("London", "location")],
            [("Ada Lovelace", "family_of", "Charles Babbage")],
        ),
        "d2": ([("青渡镇", "location"), ("温以宁", "event")], []),
        "d3": ([("Bob", "person"), ("Rain", "organisation")], []),
        "d4": ([("Zürich", "location")], []),
    },
    "b": {
        "d1": ([("Ada Lovelace", "person"), ("Charles Babbage", "person"), ("London", "location")], []),
        "d2": ([("青渡镇", "location"), ("温以宁", "person")], [("温以宁", "leads", "𠮷祥书店")]),
        "d3": ([("Bob", "person"), ("Quarry Ltd", "organisation")], [("Bob", "owns", "Quarry Ltd")]),
        "d4": ([("Zürich", "location")], []),
    },
    "c": {name: ([], []) for name in ("d1", "d2", "d3", "d4")},
}
WRONG = {"family_of", "event", "rain"}  # whatever holds such a word


def made(folder: Path, *names: str, texts: dict[str, str] = TEXTS) -> list[str]:
    """The output folders of these runs, made in `folder`."""
    inputs = folder / "in.jsonl"
    lines = [json.dumps({"id": name, "text": text}, ensure_ascii=False) for name, text in texts.items()]
    inputs.write_text("\n".join(lines) + "\n", "utf-8")
    for name in names:
        prepared = fake_prepared(inputs, folder / name, schema="news", prompt=None, seed=ord(name))
        run(prepared, lambda _, name=name: answering(lambda r: _answer(name, r)), Silent(), lambda: False)  # type: ignore[misc]
    return [str(folder / name) for name in names]


def made_of_deals(folder: Path) -> list[str]:
    """Two output folders with events that differ in their type, and one that a run alone has."""
    inputs = folder / "in.jsonl"
    inputs.write_text(json.dumps({"id": "d1", "text": "Quarry Ltd had bought Pip Ltd. Dolores leaves Pip Ltd."}) + "\n")
    for name, events in (
        ("a", [("had bought", "contract")]),
        ("b", [("had bought", "acquisition"), ("leaves", "departure")]),
    ):
        some: list[dict[str, Any]] = [
            {"name": n, "type": t, "participants": [], "when": None, "where": None, "amount": None} for n, t in events
        ]
        said = json.dumps({"entities": [{"name": "Quarry Ltd", "type": "company"}], "events": some, "summary": "x"})
        prepared = fake_prepared(inputs, folder / name, schema="finance", prompt=None, seed=ord(name))
        run(prepared, lambda _, said=said: answering(lambda r: said), Silent(), lambda: False)  # type: ignore[misc]
    return [str(folder / "a"), str(folder / "b")]


def _answer(name: str, request: Request) -> str:
    entities, relations = FOUND[name][request.document.id]
    said: dict[str, Any] = {
        "entities": [{"name": n, "type": t} for n, t in entities],
        "relations": [dict(zip(("subject", "predicate", "object"), triple, strict=True)) for triple in relations],
        "summary": "x",
    }
    return json.dumps(said, ensure_ascii=False)


def is_right(words: str) -> bool:
    """What a judge who knows would say of a claim in these words."""
    return not any(word in words.lower() for word in WRONG)
