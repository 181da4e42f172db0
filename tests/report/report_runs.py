"""Real output folders for the report's tests: whole jobs on a fake engine that knows gold and errs on purpose."""

import hashlib
import json
import math
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

from fakes import Silent, answering, fake_prepared
from hostile import HOSTILE

from extractor.answers.values import spans
from extractor.pipeline.session import run
from extractor.types import Completion, Finish, Request

DATA = Path(__file__).parents[2] / "data"
Rows = list[dict[str, Any]]

RATES = {"no_think": 0.25, "think": 0.1}  # of errors
FINISHES: dict[tuple[str, bool], Finish] = {("attack", False): "repetition", ("astral", True): "length"}
UNERRING = ("attack", "astral")
ATTACK = "Mallory</script><script>window.attacked = 1</script> met <img src=x onerror='window.attacked = 2'> & Bob."
SELF = {"subject": "<b>Self</b>", "predicate": "family_of", "object": "<b>Self</b>"}  # which no schema lets stand
ASTRAL = "🦊🦊 Ada 𝒜 founded 𠮷野家 in 👩‍👩‍👧 Zürich; Ada left."


def hostile() -> Rows:
    """Gold rows whose texts are hard to show: markup, and characters beyond the basic plane."""
    return [
        _row("attack", ATTACK, [("Mallory", "person"), ("Bob", "person")], [("Mallory", "family_of", "Bob")]),
        _row(
            "astral",
            ASTRAL,
            [("Ada", "person"), ("𠮷野家", "organisation"), ("Zürich", "location")],
            [("Ada", "founded", "𠮷野家")],
        ),
        _row("</script><b>id", "A quiet text with Nobody in it.", [], []),
    ]


def deals(count: int = 6) -> Rows:
    """Gold rows that the finance schema is for: companies, and what happened to them."""
    return [_deal(number) for number in range(count)]


def _deal(number: int) -> dict[str, Any]:
    buyer, bought, boss = f"Quarry {number} Ltd", f"Pip & Husk {number}", f"Dolores Amaya {number}"
    text = (
        f"{buyer} said in Leeds on 9 June that it had bought {bought} for $85 million. {boss} leaves {bought} in July."
    )
    row = _row(f"deal-{number}", text, [(buyer, "company"), (bought, "company"), (boss, "person")], [])
    deal = {
        "name": "had bought",
        "type": "acquisition",
        "participants": [buyer, bought],
        "when": "9 June",
        "where": "Leeds",
    }
    gone = {"name": "leaves", "type": "departure", "participants": [boss, bought], "when": "July", "where": None}
    said = [{**deal, "attributes": {"amount": "$85 million"}}, {**gone, "aliases": ["leaves the company"]}]
    return {**row, "events": said}


def unseen() -> Rows:
    """Gold rows in whose ids, texts and names stands what is not printable."""
    words = [value for name, value in HOSTILE.items() if name not in ("lone surrogates", "markup")]
    return [_row(f"u{n}{said}", f"Ada met {said} here.", [(said, "person")], []) for n, said in enumerate(words)]


def sample_gold() -> Rows:
    """The shipped gold."""
    return [json.loads(line) for line in (DATA / "gold.jsonl").read_text(encoding="utf-8").splitlines()]


def many(count: int) -> Rows:
    """`count` gold rows: the shipped texts over and over, each with its own id and first words."""
    shipped, rows = sample_gold(), []
    for number in range(count):
        row = shipped[number % len(shipped)]
        start = f"Bulletin {number}. "
        moved = [
            {**e, "mentions": [[a + len(start), b + len(start)] for a, b in e["mentions"]]} for e in row["entities"]
        ]
        rows.append({**row, "doc_id": f"{row['doc_id']}-{number}", "text": start + row["text"], "entities": moved})
    return rows


def write_rows(folder: Path, rows: Rows) -> tuple[Path, Path]:
    """The input file and the gold file of these rows."""
    folder.mkdir(parents=True, exist_ok=True)
    inputs, gold = folder / "documents.jsonl", folder / "gold.jsonl"
    inputs.write_text("".join(_line({"id": r["doc_id"], "text": r["text"]}) for r in rows), encoding="utf-8")
    gold.write_text("".join(_line(r) for r in rows), encoding="utf-8")
    return inputs, gold


def make_run(inputs: Path, out: Path, rows: Rows, mode: str = "no_think", **given: Any) -> Path:
    """A finished job over `inputs` whose answers come from `rows`, with errors; `think` errs less and writes more.

    The answer to `attack` ends in a loop, and relates a thing to itself; the thought on `astral` has no end.
    """
    prepared = fake_prepared(inputs, out, mode=mode, **given)
    run(prepared, lambda _: answering(_answers({r["text"]: r for r in rows}, mode)), Silent(), lambda: False)
    return out


def _answers(rows: dict[str, dict[str, Any]], mode: str) -> Callable[[Request], Completion]:
    def answer(request: Request) -> Completion:
        row = rows[request.document.text]
        chance = random.Random(hashlib.sha256(f"{mode}{row['doc_id']}".encode()).digest())
        said = (
            _thought(row) if request.is_thought else _said(row, chance, 0 if row["doc_id"] in UNERRING else RATES[mode])
        )
        finish = FINISHES.get((row["doc_id"], request.is_thought), "stop")
        closed = request.is_thought and finish == "stop"
        return Completion(
            request, said, [0] * (len(said) // 4), finish, stopped_by=request.stop[0] if closed else None,
            prompt_tokens=len(request.prompt) // 4, output_tokens=len(said) // 4, queue_seconds=0.01,
            first_token_seconds=chance.uniform(0.02, 0.2), seconds=len(said) * chance.uniform(0.001, 0.002),
            value_logprobs=[[math.log(chance.betavariate(6, 1))] for _ in spans(said)] if request.logprobs else None,
        )  # fmt: skip

    return answer


def _thought(row: dict[str, Any]) -> str:
    names = ", ".join(e["name"] for e in row["entities"]) or "nobody"
    return f"Let me look for names. I see {names}. <b>Now</b> how are they related?" * (1 + len(row["text"]) // 400)


def _said(row: dict[str, Any], chance: random.Random, errors: float) -> str:
    if "events" in row:
        return _said_of_deal(row, chance, errors)
    if chance.random() < errors / 3 or row["doc_id"] == "en-archive":
        return '{"entities": [{"name": "Unfinished <b>business</b>", "ty'
    entities = [{"name": e["name"], "type": e["type"]} for e in row["entities"] if chance.random() > errors]
    for entity in entities:
        if chance.random() < errors / 2:
            entity["type"] = "event"
    relations = [dict(r) for r in row["relations"] if chance.random() > errors]
    for relation in relations:
        if chance.random() < errors:
            relation["subject"], relation["object"] = relation["object"], relation["subject"]
    relations += [SELF] * (row["doc_id"] == "attack")
    return json.dumps({"entities": entities, "relations": relations, "summary": row["text"][:60]}, ensure_ascii=False)


def _said_of_deal(row: dict[str, Any], chance: random.Random, errors: float) -> str:
    """Now and then an event is left out, is of another type, or is one that gold does not have."""
    events = [_event(event, chance.random() < errors) for event in row["events"] if chance.random() > errors]
    if chance.random() < errors:
        events.append(_event({"name": "said", "type": "results", "participants": [row["entities"][0]["name"]]}, False))
    entities = [{"name": e["name"], "type": e["type"]} for e in row["entities"]]
    return json.dumps({"entities": entities, "events": events, "summary": row["text"][:60]}, ensure_ascii=False)


def _event(row: dict[str, Any], mistaken: bool) -> dict[str, Any]:
    said = {name: row.get(name) for name in ("name", "type", "participants", "when", "where")}
    kind = "contract" if mistaken else row["type"]
    return {**said, "type": kind, "amount": row.get("attributes", {}).get("amount")}


def _row(
    doc_id: str, text: str, entities: list[tuple[str, str]], relations: list[tuple[str, str, str]]
) -> dict[str, Any]:
    names = [{"name": n, "type": t, "mentions": [[text.index(n), text.index(n) + len(n)]]} for n, t in entities]
    triples = [dict(zip(("subject", "predicate", "object"), triple, strict=True)) for triple in relations]
    return {"doc_id": doc_id, "text": text, "entities": names, "relations": triples, "summary": text[:50]}


def _line(row: dict[str, Any]) -> str:
    return json.dumps(row, ensure_ascii=False) + "\n"


NOVEL_PARTS = 40


def novel(size: int = 1) -> str:
    """A text that is read in passages: in each part somebody meets Ada; `size` says how much stands between."""
    walk = "They walk and 𝒜 talks of old times. " * 30 * size
    return "".join(f"Ada meets Bob {n}. {walk}\n\n" for n in range(NOVEL_PARTS))


def make_novel_run(folder: Path, text: str, fails: int = 3, **given: Any) -> Path:
    """A finished run over this text alone; the passage of number `fails` gives no answer."""
    inputs, out = folder / "novel.jsonl", folder / "novel"
    inputs.write_text(_line({"id": "novel", "text": text}), encoding="utf-8")

    def answer(request: Request) -> str:
        passage = request.document.passage
        if "entities" not in json.loads(request.schema or "{}")["properties"]:
            return json.dumps({"summary": "They walk."})
        if passage and passage.number == fails:
            return "no json"
        bobs = [f"Bob {n}" for n in range(NOVEL_PARTS) if f"Bob {n}." in request.document.text]
        entities = [{"name": name, "type": "person"} for name in ["Ada", *bobs]]
        knows = [{"subject": "Ada", "predicate": "family_of", "object": name} for name in bobs]
        return json.dumps({"entities": entities, "relations": knows, "summary": f"{len(bobs)} Bobs."})

    sizes = {"passage_above": 1000, "passage_tokens": max(2500, len(text) // 30), "context": 10_000_000}
    run(fake_prepared(inputs, out, **(sizes | given)), lambda _: answering(answer), Silent(), lambda: False)
    return out
