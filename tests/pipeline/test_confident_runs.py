"""Confidence on its way through a run: asked for, stored, kept over a restart, told by a replay, and heeded by auto."""

import json
from pathlib import Path
from typing import Any

import pytest
from fakes import LOGPROB, Silent, answering, fake_model, fake_prepared
from shop import rows, write
from typer.testing import CliRunner

from extractor.answers.calibration import Calibration, Platt
from extractor.cli.app import app
from extractor.errors import EngineError, UserError
from extractor.jobs.job import make_job
from extractor.jobs.prepare import prepare
from extractor.pipeline.session import run
from extractor.types import Completion, Request

GOOD = json.dumps(
    {"entities": [{"name": "王小明", "type": "person"}], "relations": [], "summary": "s"}, ensure_ascii=False
)
SCORE = 2.718281828459045**LOGPROB


def settle(folder: Path, answer: Any = lambda request: GOOD, out: str = "out", **given: Any) -> Path:
    source = write(folder / "in.jsonl", [("d", "王小明在北京。")])
    prepared = fake_prepared(source, folder / out, **{"confidence": True} | given)
    run(prepared, lambda _: answering(answer), Silent(), bool)
    return folder / out


def sure(out: Path, table: str = "entities") -> list[float | None]:
    return [row["confidence"] for row in rows(out, table)]


def entity(tokens: int) -> float:
    """Of an entity whose type has so many letters: a token a letter."""
    return float(SCORE * SCORE**tokens)


def test_rows_say_how_sure_the_model_was_where_it_was_asked(tmp_path: Path) -> None:
    out = settle(tmp_path)
    assert sure(out) == [pytest.approx(entity(len("person")), abs=1e-6)]
    assert sure(out, "summaries") == [pytest.approx(SCORE, abs=1e-6)]
    (stored,) = rows(out, "completions")
    assert len(stored["value_logprobs"]) == 8 and stored["value_logprobs"][2] == [LOGPROB] * 3
    other = settle(tmp_path, out="other", confidence=False)
    assert sure(other) == [None] and rows(other, "completions")[0]["value_logprobs"] is None


def test_turning_it_on_asks_nothing_again(tmp_path: Path) -> None:
    out = settle(tmp_path, confidence=False)
    again = settle(tmp_path, lambda request: pytest.fail("asked again"))
    assert out == again and sure(again) == [None]


def test_single_fields_of_the_record_have_a_column(tmp_path: Path) -> None:
    schema = tmp_path / "schema.json"
    schema.write_text(json.dumps({"type": "object", "properties": {"topic": {"enum": ["ab", "c"]}}}))
    out = settle(tmp_path, lambda request: '{"topic": "ab"}', schema=str(schema))
    assert json.loads(rows(out)[0]["confidence"]) == {"topic": pytest.approx(SCORE**2)}


def test_thoughts_are_not_asked_for_theirs(tmp_path: Path) -> None:
    asked: list[Request] = []

    def answer(request: Request) -> str:
        asked.append(request)
        return "hm" if request.is_thought else GOOD

    out = settle(tmp_path, answer, mode="think")
    assert [(one.is_thought, one.logprobs) for one in asked] == [(True, False), (False, True)]
    assert sure(out) != [None]


PIECES = [json.dumps({name: value}, ensure_ascii=False) for name, value in json.loads(GOOD).items()]


def in_pieces(request: Request, said: list[str]) -> Completion:
    text = said.pop(0)
    finish: Any = "length" if text == "{" else "stop"
    return Completion(request, text, list(map(ord, text)), finish, logprobs=[LOGPROB] * len(text))


def test_pieces_are_scored_each_and_a_restart_between_them_loses_none(tmp_path: Path) -> None:
    said = ["{", "{", *PIECES]
    (tmp_path / "whole").mkdir()
    whole = settle(tmp_path / "whole", lambda request: in_pieces(request, said))
    assert sure(whole) == [pytest.approx(entity(len("person")), abs=1e-6)] and not said

    def breaking(request: Request) -> Completion:
        if len(first) == 1:
            raise EngineError("the engine died")
        return in_pieces(request, first)

    first, second = ["{", "{", *PIECES[:1], "never"], PIECES[1:]
    with pytest.raises(EngineError):
        settle(tmp_path, breaking)
    out = settle(tmp_path, lambda request: in_pieces(request, second))
    assert sure(out) == sure(whole) and sure(out, "summaries") == sure(whole, "summaries")


def test_what_a_loop_was_cut_out_of_is_null_and_what_came_behind_it_is_not(tmp_path: Path) -> None:
    item = json.dumps({"name": "Bo", "type": "person"})
    loop = '{"entities": [' + ", ".join([item] * 4)
    said = [(loop, "repetition"), *((piece, "stop") for piece in PIECES[1:])]

    def answer(request: Request) -> Completion:
        text, finish = said.pop(0)
        return Completion(request, text, list(map(ord, text)), finish, logprobs=[LOGPROB] * len(text))  # type: ignore[arg-type]

    out = settle(tmp_path, answer)
    assert sure(out) == [None] and sure(out, "summaries") == [pytest.approx(SCORE, abs=1e-6)]


def replayed(tmp_path: Path, *words: str) -> tuple[int, str]:
    asked = ["run", str(tmp_path / "in.jsonl"), "--schema", "news", "--engine", "replay", "--from"]
    result = CliRunner().invoke(app, [*asked, str(tmp_path / "out"), "--quiet", *words])
    return result.exit_code, result.stderr


def calibration(file: Path, model: str) -> Path:
    file.write_text(Calibration(model, {"entities": Platt(0.0, 0.0, 9, 5)}).text())
    return file


def test_a_replay_tells_it_again_calibrated_if_it_is_told_how(tmp_path: Path) -> None:
    out = settle(tmp_path)
    assert replayed(tmp_path, "--out", str(tmp_path / "raw"), "--confidence") == (0, "")
    assert sure(tmp_path / "raw") == sure(out)
    file = calibration(tmp_path / "c.json", "fake@1")
    words = ["--out", str(tmp_path / "even"), "--confidence", "--calibration", str(file)]
    assert replayed(tmp_path, *words) == (0, "") and sure(tmp_path / "even") == [0.5]
    assert replayed(tmp_path, "--out", str(tmp_path / "off"))[0] == 0 and sure(tmp_path / "off") == [None]


def test_a_calibration_is_for_one_model_and_for_scores(tmp_path: Path) -> None:
    source = write(tmp_path / "in.jsonl", [("d", "x")])

    def refused(**given: Any) -> str:
        words = {"inputs": [str(source)], "schema": "news", "out": tmp_path / "o", "examples": "none", "model": "big"}
        with pytest.raises(UserError) as told:
            prepare(make_job(words | {"context": 9000, "confidence": True} | given), load=fake_model())
        return str(told.value)

    file = calibration(tmp_path / "c.json", "tiny@2")
    assert f"--calibration {file} is for tiny@2, and this is fake@1" in refused(calibration=file)
    assert "needs --confidence" in refused(calibration=file, confidence=False)
    assert "No such file" in refused(calibration=tmp_path / "none.json")
    file.write_text("{}")
    assert "is no file of extract evaluate --calibrate" in refused(calibration=file)
    assert "--escalate unsure needs --confidence" in refused(escalate=["unsure"], confidence=False)


def test_auto_thinks_where_it_is_unsure_if_it_is_told_to(tmp_path: Path) -> None:
    def answer(request: Request) -> str:
        return "hm" if request.is_thought else GOOD

    usual = settle(tmp_path, answer, "usual", mode="auto")
    assert rows(usual)[0]["escalated"] is None
    told = settle(tmp_path, answer, "told", mode="auto", escalate=["unsure"])
    assert rows(told)[0]["escalated"] == "unsure" and rows(told)[0]["mode"] == "think"


def test_by_which_calibration_auto_is_unsure_is_part_of_the_job(tmp_path: Path) -> None:
    source = write(tmp_path / "in.jsonl", [("d", "x")])

    def name(**given: Any) -> str:
        return fake_prepared(source, tmp_path / "o", confidence=True, **given).builder.arm

    file = calibration(tmp_path / "c.json", "fake@1")
    assert name() == name(calibration=file)
    auto = {"mode": "auto", "escalate": ["unsure"]}
    assert name(**auto) != name(**auto, calibration=file) and name(mode="auto") == name(mode="auto", calibration=file)
