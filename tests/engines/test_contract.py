"""What every engine promises, tried on each of them."""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from fakes import Silent, a_request, answering, engine_alone, fake_prepared
from pool_workers import Maker, pids, pool_of
from servers import FakeServer, endpoint_to
from shop import GOOD, settle, write

from extractor.answers.values import spans
from extractor.engines.base import Engine
from extractor.engines.replay import ReplayEngine, StoredAnswers
from extractor.engines.vllm import VllmEngine
from extractor.engines.watchdog import Watchdog
from extractor.fingerprint import digest
from extractor.pipeline.engines import EnginePool, LazyEngine
from extractor.store.manifest import Manifest
from extractor.store.parts import parts_of
from extractor.types import Document, Request

COUNT = 40
Make = Callable[[Path, VllmEngine], Engine]


def documents() -> list[Document]:
    return [Document(f"d{n}", f"Alice met Bob {n} times.", "in:1") for n in range(COUNT)]


def replay(folder: Path) -> Engine:
    """A replay of a run over the same documents."""
    source = write(folder / "in.jsonl", [(one.id, one.text) for one in documents()])
    settle(source, folder / "old", confidence=True)
    stored = StoredAnswers(folder / "old", parts_of(folder / "old").of("completions"))
    return ReplayEngine(stored, digest(Manifest.load(folder / "old").identity), None)


def lazy(folder: Path) -> Engine:
    """An engine that its first request loads."""
    prepared = fake_prepared(write(folder / "in.jsonl", [("d", "x")]), folder / "out")
    return LazyEngine(EnginePool(lambda _: answering(lambda request: GOOD)), prepared, [Silent()])


class Served:
    """An endpoint and the one server that it asks."""

    def __init__(self, kind: str) -> None:
        self._server = FakeServer(kind)
        self._engine = endpoint_to(self._server.url, kind="openai" if kind == "openai" else None)
        self.tells_logprobs = kind in ("vllm", "sglang", "llamacpp")
        self.submit, self.poll = self._engine.submit, self._engine.poll

    @property
    def room(self) -> int:
        return self._engine.room

    @property
    def steps(self) -> int:
        return self._engine.steps

    def close(self) -> None:
        self._engine.close()
        self._server.end()


def pool(folder: Path) -> Engine:
    """Two processes, both ready."""
    made = pool_of(folder, [Maker(), Maker()])
    pids(made, 2)
    return made


KINDS = ("vllm", "sglang", "llamacpp", "ollama", "lmstudio", "mlx", "openai")


ENGINES: dict[str, Callable[[Path], Engine]] = {
    "fake": lambda folder: answering(lambda request: GOOD),
    "watched": lambda folder: Watchdog(answering(lambda request: GOOD), 60),
    "lazy": lazy,
    "replay": replay,
    "pool": pool,
    **{f"endpoint to {kind}": lambda folder, kind=kind: Served(kind) for kind in KINDS},  # type: ignore[misc]
}


@pytest.fixture(params=[*ENGINES, pytest.param("vllm", marks=pytest.mark.engine)])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """Each engine in turn; vLLM's is the one that all tests share, which is not ours to close."""
    if request.param == "vllm":
        yield Watchdog(request.getfixturevalue("vllm_engine"), 600)
        return
    made = ENGINES[request.param](tmp_path)
    yield made
    made.close()


def requests() -> list[Request]:
    return [a_request(document, range(5, 25), stop=()) for document in documents()]


def test_each_request_is_answered_once(engine: Engine) -> None:
    asked = requests()
    came = list(engine_alone(engine, asked))
    assert Counter(completion.request.document.id for completion in came) == {one.document.id: 1 for one in asked}
    assert {completion.request.arm for completion in came} == {"a"}
    assert all(completion.finish in ("stop", "length") and completion.prompt_tokens >= 0 for completion in came)


def test_nothing_asked_nothing_answered(engine: Engine) -> None:
    assert engine.poll(0.0) == []
    assert list(engine_alone(engine, [])) == []


def test_its_room_shrinks_with_what_it_holds_and_comes_back(engine: Engine) -> None:
    list(engine_alone(engine, requests()[:1]))  # loaded, if it was not
    room = engine.room
    assert room > 1
    for request in requests()[:3]:
        engine.submit(request)
    assert engine.room == room - min(3, room)
    came: list[Any] = []
    while len(came) < 3:
        came += engine.poll(1.0)
    assert engine.room == room and engine.poll(0.0) == []


def test_it_shows_that_it_lives(engine: Engine) -> None:
    before = engine.steps
    list(engine_alone(engine, requests()[:2]))
    assert engine.steps > before


def test_log_probabilities_come_where_they_are_asked_for(engine: Engine) -> None:
    document = documents()[0]
    for wanted in (True, False):
        (came,) = engine_alone(engine, [a_request(document, range(5, 25), stop=(), logprobs=wanted)])
        if not getattr(engine, "tells_logprobs", True):
            assert not came.logprobs and came.value_logprobs is None
            continue
        if came.value_logprobs is None:
            assert len(came.logprobs) == (len(came.tokens) if wanted else 0)
        else:
            assert wanted and len(came.value_logprobs) == len(spans(came.text))
        assert wanted == bool(came.logprobs or came.value_logprobs)
        assert all(-50 < one <= 0 for one in came.logprobs)


def test_closing_twice_is_closing(tmp_path: Path) -> None:
    for name, make in ENGINES.items():
        (tmp_path / name).mkdir()
        made = make(tmp_path / name)
        made.submit(requests()[0])
        made.close()
        made.close()


def test_a_bad_request_comes_back_with_an_error(tmp_path: Path) -> None:
    made = replay(tmp_path)
    (came,) = engine_alone(made, [a_request(Document("d0", "another text", "in:1"))])
    assert came.finish == "error" and "holds no answer to this text" in came.error


def test_a_replay_says_what_was_said(tmp_path: Path) -> None:
    said = [json.loads(one.text) for one in engine_alone(replay(tmp_path), requests())]
    assert said == [json.loads(GOOD)] * COUNT
