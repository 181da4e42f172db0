"""Learning from reviews, with models whose answers depend on what they are shown: what is tried, told and advised."""

import json
import re
import shlex
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pytest
from fakes import answering, fake_model
from shop import settle
from typer import Exit

from extractor.cli.learn import learn_from
from extractor.engines.base import Engine
from extractor.errors import EngineError
from extractor.exits import Ended
from extractor.jobs.prepare import Prepared, prepare
from extractor.learn.learn import Learned, Lesson, learn
from extractor.pipeline.jobs import Providers
from extractor.types import Request

pytestmark = pytest.mark.slow

NAMES = ("Ada", "Bo", "Cy", "Di", "Eve", "Flo", "Gus", "Hal")


def row(number: int) -> dict[str, Any]:
    """A reviewed document; each has two people who are family."""
    one, two = f"{NAMES[number % 8]} {number}", f"{NAMES[(number + 3) % 8]} {number + 50}"
    answer = {
        "entities": [{"name": name, "type": "person"} for name in (one, two)],
        "relations": [{"subject": one, "predicate": "family_of", "object": two}],
        "summary": "They are family.",
    }
    text = f"{one} and {two} met again."
    marked = {"entities": answer["entities"], "relations": answer["relations"]}
    return {"doc_id": f"d{number}", "text": text, **marked, "answer": answer, "review": {"verdict": "mended"}}


WRONG = json.dumps({"entities": [{"name": "Nobody", "type": "person"}], "relations": [], "summary": "x"})


class Model:
    """Answers rightly where it is shown so many examples, else as told; remembers what it was asked."""

    def __init__(self, rows: list[dict[str, Any]], wants: int, dies_at: int = 0) -> None:
        self.asked, self.told, self.loads, self._dies_at = list[Request](), list[str](), 0, dies_at
        self._wants, self._rows = wants, {one["doc_id"]: one for one in rows}

    def providers(self) -> Providers:
        return Providers(lambda asked: prepare(asked.job, frozenset(asked.origins), fake_model()), self._load)

    def _load(self, prepared: Prepared) -> Engine:
        self.loads += 1
        return answering(self._answer)

    def _answer(self, request: Request) -> str:
        if request.is_thought:
            return "hm"
        self.asked.append(request)
        if len(self.asked) == self._dies_at:
            raise EngineError("the engine died: as the test wants it")
        row = self._rows[request.document.id]
        right = shown(request) >= self._wants or int(row["doc_id"][1:]) % 4 == 0
        return json.dumps(row["answer"]) if right else WRONG


def shown(request: Request) -> int:
    """How many examples stand before the document."""
    before = [one["content"] for one in request.messages if request.document.text not in one["content"]]
    return len(re.findall(r" met again\.", " ".join(before)))


def reviewed(folder: Path, count: int, **given: Any) -> tuple[Path, list[dict[str, Any]]]:
    """An output with its review."""
    rows = [row(number) for number in range(count)]
    lines = [json.dumps({"id": one["doc_id"], "text": one["text"]}) for one in rows]
    (folder / "in.jsonl").write_text("\n".join(lines))
    settle(folder / "in.jsonl", folder / "out", lambda request: WRONG, **given)
    (folder / "out" / "review.jsonl").write_text("".join(json.dumps(one) + "\n" for one in rows))
    return folder / "out", rows


def learned(out: Path, model: Model, arms: tuple[str, ...] = (), folds: int = 2) -> Learned:
    lesson = Lesson(out, out / "review.jsonl", out / "learn", folds, arms, {})
    return learn(lesson, lambda asked: lambda job: [], model.providers(), model.told.append)


@dataclass(frozen=True)
class Scene:
    """A lesson that was learned, by whom and where."""

    out: Path
    rows: list[dict[str, Any]]
    model: Model
    found: Learned


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Scene:
    """Three examples make all of 16 documents right, of which a quarter is right without."""
    out, rows = reviewed(tmp_path_factory.mktemp("learn"), 16)
    model = Model(rows, wants=3)
    return Scene(out, rows, model, learned(out, model, folds=3))


def test_examples_that_help_are_found(scene: Scene) -> None:
    found = scene.found
    assert [one.setting.name for one in found.tried] == [
        *("shared-0,own-0,open,no_think", "shared-3,own-0,open,no_think", "shared-6,own-0,open,no_think"),
        *("shared-3,own-2,open,no_think", "shared-3,own-4,open,no_think", "shared-3,own-0,closed,no_think"),
    ]
    first, three, *_ = found.tried
    values = [one.f1[table].value for one in (first, three) for table in ("entities", "relations")]
    assert values == pytest.approx([16 / 52, 0.4, 1, 1])
    assert three.gained and three.gained.low is not None and three.gained.low > 0.3 and (three.p or 0) < 0.01
    assert found.recommended.name == "shared-3,own-0,open,no_think"
    assert found.verdict.startswith("3 shared examples, no_think: F1 1.00") and "against no shared" in found.verdict
    assert (three.read_tokens or 0) > (first.read_tokens or 0) > 0 == first.quarantined
    assert scene.model.told == ["16 reviewed documents in 3 folds: at most 6 settings, 18 runs, 96 documents to ask"]
    assert scene.model.loads == 1 and found.notes == ["with 16 documents the true 95 % intervals are wider than these"]


def test_the_command_line_is_that_of_the_output_with_what_was_learned(scene: Scene) -> None:
    words, folder = shlex.split(scene.found.command), scene.out.parent
    assert words[:3] == ["extract", "run", str(folder / "in.jsonl")]
    assert dict(zip(words[3::2], words[4::2], strict=True)) == {
        "--schema": "news", "--out": str(folder / "out-learned"), "--examples": str(scene.out / "review.jsonl"),
        "--examples-shown": "3", "--examples-per-document": "0", "--context": "100000", "--part-documents": "4",
    }  # fmt: skip


def test_no_document_is_shown_itself_and_each_is_asked_once_in_a_setting(scene: Scene) -> None:
    for request in scene.model.asked:
        said = " ".join(one["content"] for one in request.messages)
        assert said.count(request.document.text) == 1
    begun = [request for request in scene.model.asked if not request.begun]
    asked = Counter((request.arm, request.document.id) for request in begun)
    assert set(asked.values()) == {1}
    assert {shown(request) for request in begun} == {0, 3, 5, 6, 7}  # 5 and 7: three and of its own


def test_the_command_prints_a_table_and_asks_nothing_again(
    scene: Scene, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "300")
    again = Model(scene.rows, wants=3)
    learn_from({}, scene.out, None, 3, None, None, False, True, again.providers())
    told, err = capsys.readouterr()
    verdict, *table, command = told.strip().splitlines()
    assert (verdict, command, again.loads) == (scene.found.verdict, scene.found.command, 0)
    assert sum("← this" in line for line in table) == 1 and "F1 relations (95 %)" in told
    assert err == "with 16 documents the true 95 % intervals are wider than these\n"


def test_it_can_be_said_as_json(scene: Scene) -> None:
    found = json.loads(json.dumps(asdict(scene.found)))
    assert found["command"] == scene.found.command and found["recommended"]["shared"] == 3
    assert set(found["tried"][0]["f1"]) == {"entities", "relations"}


def test_a_gain_that_may_be_chance_is_told_as_that(tmp_path: Path) -> None:
    out, rows = reviewed(tmp_path, 8)
    for one in rows:  # all but one are right in any case
        one["doc_id"] = f"d{4 * int(one['doc_id'][1:])}" if one["doc_id"] != "d1" else "d1"
    (out / "review.jsonl").write_text("".join(json.dumps(one) + "\n" for one in rows))
    found = learned(out, Model(rows, wants=3))
    assert found.recommended.name == "shared-0,own-0,open,no_think" and "--examples none --c" in found.command
    assert found.verdict.startswith("too little to tell, so the simplest: no shared examples, no_think: F1 0.")
    assert "3 shared examples, no_think has +" in found.verdict and "may be chance" in found.verdict


def test_what_was_broken_off_goes_on_and_another_review_begins_anew(tmp_path: Path) -> None:
    """Modes come last, with the best of all else."""
    out, rows = reviewed(tmp_path, 8, part_documents=1)
    arms = ("no_think", "think")
    with pytest.raises(Ended) as ended:
        learned(out, Model(rows, wants=3, dies_at=30), arms)
    assert ended.value.code == 3
    model = Model(rows, wants=3)
    found = learned(out, model, arms)
    names = [one.setting.name for one in found.tried]
    assert names[-1] == "shared-3,own-0,open,think"
    assert all(one.overall.value == 1 for one in found.tried[1:])
    assert len([one for one in model.asked if not one.begun]) <= 8 * len(names) - 25
    more = [*rows, row(8)]
    (out / "review.jsonl").write_text("".join(json.dumps(one) + "\n" for one in more))
    with pytest.raises(Ended):
        learned(out, Model(more, wants=99, dies_at=1), arms)
    assert len(list((out / "learn").iterdir())) == 2


def without_answers(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [one | {"answer": None} for one in rows]


MISTAKES: list[tuple[Any, str]] = [
    (lambda rows: rows[:7], "of 7 reviewed documents nothing can be told; review 8 or more"),
    (without_answers, "no answers to show as examples; review documents whose answers are whole"),
    (lambda rows: [{**one, "text": None} for one in rows], "has no text"),
    (lambda rows: [rows[0] | {"answer": {}}, *rows[1:]], "review.jsonl:1: answer"),
    (lambda rows: [], "no such file; extract review makes it, or name one with --review"),
]


@pytest.mark.parametrize(("change", "line"), MISTAKES)
def test_too_little_is_one_line_with_its_cure(
    scene: Scene, tmp_path: Path, capsys: pytest.CaptureFixture[str], change: Any, line: str
) -> None:
    if rows := change(scene.rows):
        (tmp_path / "review.jsonl").write_text("".join(json.dumps(one) + "\n" for one in rows))
    with pytest.raises(Exit) as ended:
        learn_from({}, scene.out, tmp_path / "review.jsonl", 3, None, None, False, True, scene.model.providers())
    err = capsys.readouterr()[1]
    assert ended.value.exit_code == 1 and err.startswith("extract: ") and line in err and err.count("\n") == 1
