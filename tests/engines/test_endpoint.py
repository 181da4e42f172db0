"""Servers behind HTTP: found out about, tried before they are trusted, and never trusted to stay."""

import asyncio
import json
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from fakes import a_request, engine_alone
from servers import FakeServer, FaultyProxy, Listening, endpoint_to, error
from shop import GOOD

from extractor.engines.endpoint.engine import LIVES, EndpointEngine
from extractor.errors import EngineError, UserError
from extractor.types import Completion, Document, Request

pytestmark = pytest.mark.slow

KINDS = ("vllm", "sglang", "llamacpp", "ollama", "lmstudio", "mlx", "openai")
SCHEMA = json.dumps({"type": "object"})
COUNT = 60


def questions(count: int = COUNT) -> list[Request]:
    """Requests that differ in their prompt."""
    return [
        a_request(Document(f"d{n}", "x", "in:1"), [*map(ord, f"Who is {n}?")], schema=SCHEMA, fingerprint=str(n))
        for n in range(count)
    ]


@pytest.fixture
def listening() -> Iterator[Callable[..., Any]]:
    """Makes what listens, and ends it with the test."""
    made = list[Listening]()

    def start(kind: type[Listening], *words: Any, **given: Any) -> Listening:
        made.append(kind(*words, **given))
        return made[-1]

    yield start
    for one in reversed(made):
        one.end()


@pytest.fixture
def server(listening) -> FakeServer:
    found: FakeServer = listening(FakeServer)
    return found


@pytest.fixture
def engine_to() -> Iterator[Callable[..., EndpointEngine]]:
    """Makes engines, and closes them with the test."""
    made = list[EndpointEngine]()

    def start(*urls: str, **given: Any) -> EndpointEngine:
        made.append(endpoint_to(*urls, **given))
        return made[-1]

    yield start
    for one in made:
        one.close()


def all_answered(engine: EndpointEngine, asked: list[Request]) -> list[Completion]:
    """What came for them, each once and right."""
    came = list(engine_alone(engine, asked))
    assert Counter(one.request.document.id for one in came) == {one.document.id: 1 for one in asked}
    assert {one.text for one in came} == {GOOD} and {one.finish for one in came} == {"stop"}
    return came


@pytest.mark.parametrize("kind", KINDS)
def test_a_server_is_asked_what_it_is(listening, engine_to, kind: str) -> None:
    server = listening(FakeServer, kind)
    engine = engine_to(f"{server.url}/v1", kind="openai" if kind == "openai" else None)
    (facts,) = engine.facts
    wires = dict.fromkeys(("ollama", "lmstudio", "mlx"), "text") | {"openai": "chat"}
    assert (facts["server"], facts["wire"], facts["holds_to_schema"]) == (kind, wires.get(kind, "ids"), True)
    all_answered(engine, questions(3))
    assert [news for news in engine.news() if "held against" not in news] == []


def test_one_that_does_not_tell_what_it_is_is_not_guessed(listening, engine_to) -> None:
    with pytest.raises(UserError, match=r"does not tell what it is .* say it with --server \(one of vllm, sglang"):
        engine_to(listening(FakeServer, "openai").url)


def test_a_model_that_is_not_there_is_named_with_those_that_are(server, engine_to) -> None:
    with pytest.raises(UserError, match=r"--served-model nope: http://127.0.0.1:\d+ has m$"):
        engine_to(server.url, model="nope")


@pytest.mark.parametrize("kind", KINDS)
def test_a_constraint_that_does_not_hold_is_told_once_and_sent_no_more(listening, engine_to, kind: str) -> None:
    server = listening(FakeServer, kind, holds=False)
    engine = engine_to(server.url, kind="openai" if kind == "openai" else None)
    told = [line for line in engine.news() if "does not hold answers to a schema" in line]
    assert len(told) == 1 and engine.facts[0]["holds_to_schema"] is False
    all_answered(engine, questions(3))
    assert not any({"response_format", "json_schema", "format"} & set(body) for body in server.bodies[1:])
    assert engine.news() == []


def test_the_word_on_trial_is_another_one_each_time(server, engine_to) -> None:
    for _ in range(2):
        engine_to(server.url)
    words = [body["response_format"]["json_schema"]["schema"]["properties"]["word"]["const"] for body in server.bodies]
    assert len(set(words)) == 2


def test_a_server_that_reads_other_words_in_our_tokens_is_refused(server, engine_to) -> None:
    server.reads = lambda letters: "".join(letters).replace("W", "B")
    with pytest.raises(
        UserError, match=r"reads other words in our tokens .*name the model that it serves with --model"
    ):
        engine_to(server.url)


def test_a_text_server_that_counts_otherwise_is_told_of(listening, engine_to) -> None:
    server = listening(FakeServer, "lmstudio")
    engine = engine_to(server.url, decode=lambda ids: "".join(map(chr, ids)) + "…")
    assert any("counts 5 tokens where we count 4" in line for line in engine.news())


def test_a_context_that_is_too_small_is_refused_with_the_cure(server, engine_to) -> None:
    server.context = 4096
    with pytest.raises(UserError, match="add --context 4096"):
        engine_to(server.url)


def test_one_that_refuses_fields_that_it_does_not_know_is_asked_without(listening, engine_to) -> None:
    server = listening(FakeServer, "openai")
    server.lean = True
    engine = engine_to(server.url, kind="openai")
    assert any("Unknown parameter: 'chat_template_kwargs'" in line for line in engine.news())
    all_answered(engine, questions(3))
    assert engine.facts[0]["holds_to_schema"] is True


def test_a_key_is_sent_and_never_told(server, engine_to) -> None:
    server.key = "sk-secret"
    all_answered(engine_to(server.url, key="sk-secret"), questions(3))
    with pytest.raises(UserError, match=r"401 Incorrect API key provided: Bearer …; check .*--key-env"):
        engine_to(server.url + "?token=abc", key="sk-wrong")
    with pytest.raises(UserError, match="401") as told:
        engine_to(server.url.replace("//", "//me:word@") + "?token=abc")
    assert "word" not in str(told.value) and "abc" not in str(told.value)


def test_what_an_address_hides_is_in_no_fact(server, engine_to) -> None:
    engine = engine_to(server.url.replace("//", "//me:word@") + "/v1?token=abc")
    assert engine.facts[0]["url"] == server.url.replace("//", "//") + "/v1"
    all_answered(engine, questions(3))


def test_a_window_is_what_a_server_gets_at_most(server, engine_to) -> None:
    server.seconds = 0.02
    all_answered(engine_to(server.url, window=5), questions())
    assert server.busiest == 5


def test_a_bad_request_is_its_own_misfortune(listening, engine_to) -> None:
    server = listening(FakeServer, says=lambda body: GOOD)
    proxy = listening(FaultyProxy, server.url, lambda n, body: "")
    engine = engine_to(proxy.url)
    bad = a_request(Document("bad", "x", "in:1"), [0x110000])  # no such character
    came = {one.request.document.id: one for one in engine_alone(engine, [*questions(3), bad])}
    assert [came[f"d{n}"].finish for n in range(3)] == ["stop"] * 3


FAULTS = ("refuse", "reset", "half", "slow", "429", "503", "500")


@pytest.mark.parametrize("fault", FAULTS)
def test_no_fault_loses_a_request_or_asks_again_what_was_answered(listening, engine_to, server, fault: str) -> None:
    lot = random.Random(fault)
    proxy = listening(FaultyProxy, server.url, lambda n, body: fault if 1 < n < 40 and lot.random() < 0.25 else "")
    engine = engine_to(proxy.url, window=8)
    all_answered(engine, questions())
    assert proxy.done[fault] >= 5
    assert Counter(proxy.delivered.values()) == {1: COUNT}


def test_all_faults_at_once_at_two_servers_lose_nothing(listening, engine_to) -> None:
    lot = random.Random(7)
    servers = [listening(FakeServer) for _ in range(2)]

    def chosen(n: int, body: bytes) -> str:
        return lot.choice(FAULTS) if n > 1 and lot.random() < 0.3 else ""

    proxies = [listening(FaultyProxy, server.url, chosen) for server in servers]
    engine = engine_to(*(proxy.url for proxy in proxies), window=8)
    all_answered(engine, questions(100))
    delivered = proxies[0].delivered + proxies[1].delivered
    assert Counter(delivered.values()) == {1: 100} and min(map(len, (one.delivered for one in proxies))) > 10


def test_one_of_two_servers_dies_and_comes_back(listening, engine_to) -> None:
    servers = [listening(FakeServer) for _ in range(2)]
    for server in servers:
        server.seconds = 0.02
    proxies = [listening(FaultyProxy, server.url, lambda n, body: "") for server in servers]
    engine = engine_to(*(proxy.url for proxy in proxies), window=4)

    def watched() -> Iterator[Request]:
        for number, request in enumerate(questions(400)):
            if number in (50, 200):
                (proxies[0].die if number == 50 else proxies[0].rise)()
            yield request

    assert Counter(one.text for one in engine_alone(engine, watched())) == {GOOD: 400}
    both = proxies[0].delivered + proxies[1].delivered
    assert len(both) == 400 and both.total() <= 400 + 4  # those that were on their way back when it died
    news = engine.news()
    assert [line for line in news if line.startswith(f"no answer from {proxies[0].url}")]
    assert f"{proxies[0].url} is back" in news


def test_a_server_that_is_not_there_at_first_is_taken_in_when_it_comes(listening, engine_to) -> None:
    first, second = listening(FakeServer), listening(FakeServer)
    second.die()
    engine = engine_to(first.url, second.url, window=2)
    assert any("the others answer meanwhile" in line for line in engine.news())
    first.seconds = 0.05
    second.rise()
    all_answered(engine, questions())
    assert len(second.bodies) > 5 and engine.facts[1]["server"] == "vllm"


def test_a_server_whose_trial_is_cut_is_tried_before_it_is_asked(listening, engine_to) -> None:
    first, second = listening(FakeServer), listening(FakeServer, holds=False)
    first.seconds = 0.05
    proxy = listening(FaultyProxy, second.url, lambda n, body: "reset" if n == 1 else "")
    engine = engine_to(first.url, proxy.url, window=2)
    all_answered(engine, questions())
    assert len(second.bodies) > 5 and engine.facts[1]["holds_to_schema"] is False


def test_a_server_that_comes_back_as_another_is_tried_again(listening, engine_to) -> None:
    server = listening(FakeServer)
    engine = engine_to(server.url)
    all_answered(engine, questions(3))
    server.die()
    server.holds = False
    threading.Timer(1.0, server.rise).start()
    all_answered(engine, questions(3))
    assert any("does not hold answers to a schema" in line for line in engine.news())


def test_no_server_at_all_is_a_failure_at_the_start(server, engine_to) -> None:
    server.die()
    with pytest.raises(EngineError, match=r"no server answers: http://127.0.0.1:\d+: .*refused|Cannot connect"):
        engine_to(server.url)


def test_a_server_that_loads_its_model_is_waited_for(listening, engine_to, server) -> None:
    began = time.monotonic()
    proxy = listening(FaultyProxy, server.url, lambda n, body: "503" if time.monotonic() < began + 1.0 else "")
    all_answered(engine_to(proxy.url), questions(3))


def test_a_server_that_loads_its_model_keeps_no_other_waiting(listening, engine_to, server) -> None:
    loading = listening(FaultyProxy, server.url, lambda n, body: "503")
    began = time.monotonic()
    all_answered(engine_to(loading.url, server.url, patience=60.0), questions(3))
    assert time.monotonic() - began < 20


def test_a_request_that_ends_servers_is_given_up_and_takes_no_other_along(listening, engine_to, server) -> None:
    poison = str([*map(ord, "Who is 7?")]).encode()
    proxy = listening(FaultyProxy, server.url, lambda n, body: "reset" if poison in body else "")
    engine = engine_to(proxy.url, window=8)
    came = {one.request.document.id: one for one in engine_alone(engine, questions(20))}
    assert came["d7"].finish == "error" and f"lost {LIVES} times" in came["d7"].error
    assert {one.finish for name, one in came.items() if name != "d7"} == {"stop"} and len(came) == 20


def test_there_is_room_where_nothing_is_under_way_though_all_servers_rest(listening, engine_to, server) -> None:
    engine = engine_to(listening(FaultyProxy, server.url, lambda n, body: "500" if n > 1 else "").url, window=8)
    engine.submit(questions(1)[0])
    time.sleep(1.0)
    assert engine.room == 0
    fresh = engine_to(server.url)
    fresh._hosts[0].places.down(time.monotonic())
    assert fresh.room == 1


def test_a_thought_is_read_from_each_kind_of_server(listening, engine_to) -> None:
    for kind in KINDS:
        server = listening(FakeServer, kind)
        engine = engine_to(server.url, kind="openai" if kind == "openai" else None)
        thought = a_request(Document("d", "x", "in:1"), [87], stop=(0x10FFF1,), is_thought=True, mode="think")
        (came,) = engine_alone(engine, [thought])
        assert (came.text, came.stopped_by) == ("Well", 0x10FFF1), kind


def test_closing_breaks_off_what_is_under_way(server, engine_to) -> None:
    engine = engine_to(server.url)
    server.seconds = 60.0
    for request in questions(5):
        engine.submit(request)
    began = time.monotonic()
    assert engine.poll(0.1) == []
    engine.close()
    assert time.monotonic() - began < 5


def test_one_that_refuses_every_request_is_refused_itself(listening, engine_to, server) -> None:
    proxy = listening(FaultyProxy, server.url, lambda n, body: "400")
    with pytest.raises(UserError, match=r"400 not now; it refuses the plainest request too"):
        engine_to(proxy.url)


def test_a_server_that_takes_a_connection_and_says_nothing_is_no_server(listening, engine_to) -> None:
    async def silent(request):
        await asyncio.sleep(60)

    with pytest.raises(EngineError, match=r"no server answers: http://127.0.0.1:\d+: silent for 0.5 s"):
        engine_to(listening(Listening, silent).url, patience=0.5)


class Ending(Listening):
    """Once told to end it is as vLLM's: 500 to what it is asked, and then nothing, on the connections that it has."""

    def __init__(self, behind: FakeServer) -> None:
        self._behind, self.ends = behind, False
        self._known = set[Any]()
        super().__init__(self._lingers)

    async def _lingers(self, request):
        is_doomed = self.ends and request.transport in self._known
        self._known |= set() if self.ends else {request.transport}
        if not is_doomed:
            return await self._behind._handle(request)
        if request.path == "/v1/completions":
            return error(500, "EngineCore encountered an issue")
        await asyncio.sleep(60)


def test_a_server_that_ends_is_not_kept_from_it_by_a_connection_that_was_kept(listening, engine_to, server) -> None:
    old = listening(Ending, server)
    engine = engine_to(old.url, window=1)
    all_answered(engine, questions(3))
    old.ends, began = True, time.monotonic()
    all_answered(engine, questions(3))
    assert time.monotonic() - began < 4


def test_what_a_server_leaves_without_an_answer_when_it_is_down_is_asked_again(listening, engine_to, server) -> None:
    silent = [*map(ord, "Who is 0?")]
    held = threading.Event()

    async def half_dead(request):
        if request.path == "/v1/completions" and not held.is_set():
            body = await request.json()
            if body["prompt"] == silent:
                await asyncio.sleep(60)
            if "word" not in str(body):
                return error(500, "EngineCore encountered an issue")
        return await server._handle(request)

    engine = engine_to(listening(Listening, half_dead).url, window=2, linger=0.5)
    threading.Timer(0.3, held.set).start()
    began = time.monotonic()
    all_answered(engine, questions(2))
    assert time.monotonic() - began < 10
