"""Seconds from one document to the next in Chromium, from the key to what is painted, at several lengths.

python tests/review/pace.py
"""

import statistics
import sys
import tempfile
from itertools import pairwise
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parent))
from browser import chromium
from review_pages import a_run, desk, served_here

DOCUMENTS = 21
TIMED = """() => new Promise((done) => {
  const begun = performance.now();
  const painted = () => requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now() - begun)));
  ACTS.accept().then(painted);
})"""
EDITED = """() => {
  const begun = performance.now();
  step(1);
  ACTS.remove();
  document.body.getBoundingClientRect();
  return performance.now() - begun;
}"""


def a_document(number: int, length: int) -> tuple[str, dict[str, Any]]:
    """A text of so many characters with a name of its own in each of its lines, and an entity for each 300 of them."""
    text = "".join(f"Ada {number}-{n} met 𝒜 Bob in the long street of 北京.\n" for n in range(length // 45))[:length]
    people = [{"name": f"Ada {number}-{n}", "type": "person"} for n in range(0, length // 45, 7)]
    pairs = pairwise(one["name"] for one in people)
    ties = [{"subject": one, "predicate": "family_of", "object": other} for one, other in pairs]
    return text, {"entities": people, "relations": ties, "summary": "s"}


def pace(length: int) -> tuple[list[float], list[float]]:
    """Milliseconds of 20 steps from one document to the next, and of as many deletions."""
    with tempfile.TemporaryDirectory() as temporary, chromium() as browser:
        documents = {f"d{n}": a_document(n, length) for n in range(DOCUMENTS)}
        out = a_run(Path(temporary), documents, schema=str(open_schema(Path(temporary))))
        with desk(browser, served_here(out)) as seen:
            steps, edits = [], []
            for _ in range(DOCUMENTS - 1):
                steps.append(seen.page.evaluate(TIMED))
                edits.append(seen.page.evaluate(EDITED))
            assert seen.complaints == []
            return steps, edits


def open_schema(folder: Path) -> Path:
    """News without a limit on how many there may be."""
    import json

    from extractor.tasks.schema import load_schema

    body = load_schema("news").body
    for name in ("entities", "relations"):
        body["properties"][name].pop("maxItems")
    (folder / "open.json").write_text(json.dumps(body))
    return folder / "open.json"


if __name__ == "__main__":
    for length in (1_000, 100_000):
        steps, edits = pace(length)
        print(f"{length:,} characters: {statistics.median(steps):.0f} ms to the next document (most {max(steps):.0f}),"
              f" {statistics.median(edits):.0f} ms to delete an item")  # fmt: skip
