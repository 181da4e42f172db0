"""Documents of many scripts for the tests of other tools' files, and what of them is the same."""

from pathlib import Path
from typing import Any

from hypothesis import strategies as st
from typer.testing import CliRunner

from extractor.cli.app import app
from extractor.escape import in_json
from extractor.evaluation.gold import GoldDocument, load_gold
from extractor.exchange.convert import Conversion, convert
from extractor.exchange.form import gold_row

WORDS = (
    "Ada", "Ada Lovelace", "Zürich", "New\nYork", "New\r\nYork",
    "Zu\u0308rich", "小明", "𠮷野家", "مريم", "שָׁלוֹם", "👩‍👩‍👧", "🇩🇪", "हिन्दी", "a\tb", "x",
)  # fmt: skip
BETWEEN = (" ", "\n", "\r\n", "\r", " 𝒜 ", ", ", "\u2028", "\x85", "。", "🦊\n\n")
TYPES = ("person", "组织", "L-O_C")
PREDICATES = ("met", "工作于")


def said(*words: object) -> tuple[int, str, str]:
    """What a command says: its exit code, standard output and stderr."""
    result = CliRunner().invoke(app, [str(word) for word in words])
    return result.exit_code, result.stdout, result.stderr


@st.composite
def documents(draw: st.DrawFn, doc_id: str = "d") -> dict[str, Any]:
    """A row of gold: a text, things with several mentions and other names, what joins them, and fields."""
    pieces = draw(st.lists(st.tuples(st.sampled_from(WORDS), st.sampled_from(BETWEEN)), max_size=12))
    text, spans = draw(st.sampled_from(["", "\ufeff", "\r\n", "🦊"])), list[tuple[int, int]]()
    for word, between in pieces:
        spans.append((len(text), len(text) + len(word)))
        text += word + between
    whose = [draw(st.integers(0, 3)) for _ in spans]
    entities = [
        _entity(draw, text, [span for span, owner in zip(spans, whose, strict=True) if owner == number], number)
        for number in sorted({*whose})
    ]
    names = [entity["name"] for entity in entities]
    ends = st.sampled_from(names or [""])
    most = 4 if names else 0
    triples = draw(st.lists(st.tuples(ends, st.sampled_from(PREDICATES), ends), max_size=most, unique=True))
    relations = [dict(zip(("subject", "predicate", "object"), triple, strict=True)) for triple in triples]
    return {"doc_id": doc_id, "text": text, "entities": entities, "relations": relations}


def _entity(draw: st.DrawFn, text: str, mentions: list[tuple[int, int]], number: int) -> dict[str, Any]:
    """Types differ from thing to thing, so that what is told by text and type alone can be told."""
    said = [text[slice(*span)] for span in mentions]
    name, kind = draw(st.sampled_from(said)), f"{TYPES[number % 3]}{number}"
    return {"name": name, "type": kind, "mentions": mentions}


def with_attributes(draw: st.DrawFn, row: dict[str, Any]) -> dict[str, Any]:
    """The same with attributes of any value, and names that do not stand in the text."""
    values = (
        st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.sampled_from(["3", "true", "a\nb", " "])
    )
    for entity in row["entities"]:
        entity["attributes"] = draw(st.dictionaries(st.sampled_from(["born", "rôle"]), values, max_size=2))
        if draw(st.booleans()):
            entity["name"] = f"{entity['name']} the {entity['type']}"
    row["relations"] = []
    return row


def there_and_back(folder: Path, rows: list[dict[str, Any]], into: str) -> tuple[list[GoldDocument], dict[str, int]]:
    """What gold says after it was another tool's, and what was left out or changed on the way there."""
    source, other, again = folder / "gold.jsonl", folder / "other", folder / "again.jsonl"
    source.write_text("".join(in_json(row) + "\n" for row in rows), "utf-8")
    done = convert(Conversion(source, other, into=into))
    convert(Conversion(other, again, kind=into))
    return list(load_gold(str(again)).documents.values()), done.left_out | done.changed


def plain(document: GoldDocument) -> dict[str, Any]:
    """A document as gold means it, in whatever order: what stands at a mention is another name in any case."""
    row, text = gold_row(document), document.text or ""
    things = [
        (
            one["name"],
            one["type"],
            sorted(map(tuple, one.get("mentions", ()))),
            {*one.get("aliases", ()), *(text[slice(*span)] for span in one.get("mentions", ()))} - {one["name"]},
            one.get("alt_types", []),
            one.get("attributes", {}),
        )
        for one in row["entities"]
    ]
    joined = sorted((one["subject"], one["predicate"], one["object"]) for one in row["relations"])
    return row | {"entities": sorted(things, key=repr), "relations": joined}
