"""What each server would be sent, to the field; and what of its answers we read. Shapes as the servers give them."""

import json
from dataclasses import replace
from typing import Any

import pytest
from fakes import FakeTokenizer, a_request

from extractor.engines.endpoint.chat import ChatWire, switch_for
from extractor.engines.endpoint.ids import LOOPS, IdsWire
from extractor.engines.endpoint.llama import LlamaWire
from extractor.engines.endpoint.text import OllamaWire, TextWire
from extractor.engines.endpoint.wire import Wire
from extractor.types import Completion, Document, Request, Sampling

DECODE = FakeTokenizer().decode
CLOSE = 0x10FFF1
SAMPLING = Sampling(0.6, top_p=0.95, top_k=20, presence_penalty=0.5, repetition_penalty=1.1)
SCHEMA = {"type": "object", "properties": {"a": {"type": "string"}}}
HELD = {"response_format": {"type": "json_schema", "json_schema": {"name": "answer", "schema": SCHEMA}}}
SAID = ({"role": "system", "content": "Be brief."}, {"role": "user", "content": "Who?"})


def asked(**given: Any) -> Request:
    words = {"sampling": SAMPLING, "max_tokens": 80, "schema": json.dumps(SCHEMA), "messages": SAID}
    return a_request(Document("d", "x", "in:1"), [*map(ord, "Who?")], **(words | given))


def a_thought(**given: Any) -> Request:
    return asked(schema=None, stop=(CLOSE,), is_thought=True, mode="think", **given)


def test_vllm_is_sent_ids_and_everything_that_decides_the_answer() -> None:
    sent = IdsWire("m").ask(asked(), constrained=True)
    assert sent.path == "/v1/completions"
    assert sent.body == {
        "model": "m",
        "prompt": [87, 104, 111, 63],
        "max_tokens": 80,
        "temperature": 0.6,
        "top_p": 0.95,
        "top_k": 20,
        "min_p": 0.0,
        "presence_penalty": 0.5,
        "repetition_penalty": 1.1,
        "stop": [],
        "stop_token_ids": [],
        "skip_special_tokens": False,
        "return_token_ids": True,
        **LOOPS,
        **HELD,
    }


def test_a_thought_is_sent_without_a_schema_and_ends_where_it_is_closed() -> None:
    body = IdsWire("m").ask(a_thought(), constrained=True).body
    assert body["stop_token_ids"] == [CLOSE] and "response_format" not in body


def test_a_server_that_holds_to_no_schema_is_sent_none() -> None:
    wires: list[Wire] = [IdsWire("m"), LlamaWire(DECODE, 7), TextWire("m", DECODE, 7), OllamaWire("m", DECODE, 7, 4096)]
    for wire in [*wires, ChatWire("m", 7, "</think>")]:
        for held in (True, False):
            assert held == bool({"response_format", "json_schema", "format"} & set(wire.ask(asked(), held).body))


def test_sglang_refuses_a_top_k_of_0_and_what_might_not_fit() -> None:
    wire = IdsWire("m", "sglang", context=50)
    body = wire.ask(asked(sampling=Sampling(0.0)), constrained=True).body
    assert (body["top_k"], body["max_tokens"]) == (-1, 45) and not set(LOOPS) & set(body)


def test_llama_cpp_has_words_of_its_own_and_stops_at_texts_only() -> None:
    body = LlamaWire(DECODE, 7).ask(replace(a_thought(), attempt=3), constrained=True).body
    assert body["n_predict"] == 80 and body["repeat_penalty"] == 1.1 and "repetition_penalty" not in body
    assert body["repeat_last_n"] == 84  # all that there will be; it takes no -1
    assert body["stop"] == [chr(CLOSE)] and body["seed"] == 9
    assert LlamaWire(DECODE, 7).ask(asked(), constrained=True).body["json_schema"] == SCHEMA


def test_ollama_is_told_not_to_cut_a_prompt_in_silence() -> None:
    sent = OllamaWire("m", DECODE, 7, 4096).ask(asked(), constrained=True)
    assert sent.path == "/api/generate" and sent.body["prompt"] == "Who?" and sent.body["format"] == SCHEMA
    assert {name: sent.body[name] for name in ("raw", "stream", "truncate", "shift")} == {
        "raw": True,
        "stream": False,
        "truncate": False,
        "shift": False,
    }
    assert sent.body["options"]["num_ctx"] == 4096 and sent.body["options"]["num_predict"] == 80


def test_a_text_server_is_sent_the_prompt_as_text() -> None:
    body = TextWire("m", DECODE, 7).ask(a_thought(), constrained=True).body
    assert (body["prompt"], body["stop"], body["seed"]) == ("Who?", [chr(CLOSE)], 7)


def test_a_chat_server_is_sent_messages_with_the_thought_and_what_was_said_quoted() -> None:
    wire = ChatWire("m", 7, "</think>")
    assert wire.ask(asked(), constrained=True).body["messages"] == list(SAID)
    went_on = asked(begun='Ada it is.\n</think>\n\n{"a": "Ada"}\n', mode="think")
    *_, last = wire.ask(went_on, constrained=True).body["messages"]
    assert last["content"] == (
        "Who?\n\n(What you have thought about it so far:)\nAda it is."
        '\n\n(What you have answered so far, to be continued:)\n{"a": "Ada"}'
    )


def test_thinking_is_switched_as_the_address_wants_it_and_a_lean_one_sends_nothing_of_its_own() -> None:
    for url, field in (
        ("https://dashscope.aliyuncs.com/x", "enable_thinking"),
        ("https://openrouter.ai/api", "reasoning"),
    ):
        thinking, plain = (
            ChatWire("m", 7, "</think>", switch_for(url)).ask(one, constrained=True).body
            for one in (a_thought(), asked())
        )
        assert thinking[field] != plain[field]
    lean = ChatWire("m", 7, "</think>", lean=True).ask(a_thought(), constrained=True).body
    assert set(lean) == {"model", "messages", "max_tokens", "temperature", "top_p", "presence_penalty"}


IDS = {
    "choices": [{"text": "{}", "finish_reason": "stop", "stop_reason": None, "token_ids": [90, 91, 151645]}],
    "usage": {"prompt_tokens": 25, "completion_tokens": 3, "prompt_tokens_details": {"cached_tokens": 16}},
}
LLAMA: dict[str, Any] = {
    "content": "{}",
    "tokens": [90, 91],
    "stop_type": "eos",
    "stopping_word": "",
    "truncated": False,
    "tokens_evaluated": 25,
    "tokens_predicted": 3,
    "timings": {"cache_n": 16, "prompt_ms": 9.2, "predicted_ms": 78.7},
}
OLLAMA = {
    "response": "{}",
    "done_reason": "stop",
    "prompt_eval_count": 25,
    "eval_count": 3,
    "prompt_eval_duration": 9_200_000,
    "eval_duration": 78_700_000,
}
CHAT = {
    "choices": [{"message": {"content": "{}"}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 25, "completion_tokens": 3},
}


@pytest.mark.parametrize(
    ("wire", "said"),
    [
        (IdsWire("m"), IDS),
        (LlamaWire(DECODE, 7), LLAMA),
        (TextWire("m", DECODE, 7), IDS),
        (OllamaWire("m", DECODE, 7, 4096), OLLAMA),
        (ChatWire("m", 7, "</think>"), CHAT),
    ],
    ids=lambda given: type(given).__name__,
)
def test_an_answer_is_read(wire: Any, said: Any) -> None:
    came: Completion = wire.read(asked(), said)
    assert (came.text, came.finish, came.stopped_by, came.prompt_tokens, came.output_tokens) == (
        "{}",
        "stop",
        None,
        25,
        3,
    )
    broken: Any
    for broken in ({}, [], {"choices": []}, {"choices": [{}], "usage": None}, "x", None):
        with pytest.raises((LookupError, TypeError, ValueError, AttributeError)):
            wire.read(asked(), broken)


def test_the_seconds_and_cached_tokens_that_a_server_tells_are_kept() -> None:
    came = LlamaWire(DECODE, 7).read(asked(), LLAMA)
    assert (came.first_token_seconds, came.seconds, came.cached_tokens) == (0.0092, 0.0787, 16)
    came = OllamaWire("m", DECODE, 7, 4096).read(asked(), OLLAMA)
    assert (came.first_token_seconds, came.seconds, came.cached_tokens) == (0.0092, 0.0787, 0)
    came = IdsWire("m").read(asked(), IDS)
    assert (came.first_token_seconds, came.seconds, came.cached_tokens) == (None, None, 16)


def of_vllm(**choice: Any) -> Any:
    return {**IDS, "choices": [{**IDS["choices"][0], **choice}]}  # type: ignore[index]


def test_what_stopped_it_is_no_token_of_a_thought() -> None:
    came = IdsWire("m").read(a_thought(), of_vllm(token_ids=[90, CLOSE], stop_reason=CLOSE))
    assert (came.tokens, came.stopped_by) == ([90], CLOSE)
    came = IdsWire("m", "sglang").read(a_thought(), {"choices": [of_sglang()], "usage": IDS["usage"]})
    assert (came.tokens, came.stopped_by) == ([90], CLOSE)
    stopped = LLAMA | {"tokens": [90, CLOSE], "stop_type": "word", "stopping_word": chr(CLOSE)}
    came = LlamaWire(DECODE, 7).read(a_thought(), stopped)
    assert (came.tokens, came.stopped_by) == ([90], CLOSE)
    assert IdsWire("m").read(a_thought(), IDS).stopped_by is None  # its own end


def of_sglang() -> dict[str, Any]:
    return {"text": "x", "finish_reason": "stop", "matched_stop": CLOSE, "token_ids": [90, CLOSE]}


def test_each_way_to_end_is_one_of_ours() -> None:
    wire = IdsWire("m")
    ends = {
        reason: wire.read(asked(), of_vllm(finish_reason=reason)).finish for reason in ("length", "repetition", "abort")
    }
    assert ends == {"length": "length", "repetition": "repetition", "abort": "aborted"}
    assert wire.read(asked(), of_vllm(finish_reason="error")).error == "the server ended it with 'error'"
    assert LlamaWire(DECODE, 7).read(asked(), LLAMA | {"truncated": True}).finish == "length"


def test_log_probabilities_are_those_of_the_tokens_that_are_left() -> None:
    told = of_vllm(token_ids=[90, CLOSE], stop_reason=CLOSE, logprobs={"token_logprobs": [-0.1, -0.2]})
    assert IdsWire("m").read(a_thought(logprobs=True), told).logprobs == [-0.1]
    told = LLAMA | {"completion_probabilities": [{"logprob": -0.1}, {"logprob": -0.2}]}
    assert LlamaWire(DECODE, 7).read(asked(logprobs=True), told).logprobs == [-0.1, -0.2]
    assert IdsWire("m").ask(asked(logprobs=True), constrained=True).body["logprobs"] == 1


def of_chat(finish: str = "stop", **message: Any) -> Any:
    return {**CHAT, "choices": [{"message": message, "finish_reason": finish}]}


@pytest.mark.parametrize(
    ("said", "text", "finish"),
    [
        (of_chat(reasoning_content="Ada.", content="{}"), "Ada.", "stop"),
        (of_chat(reasoning="Ada.", content=None), "Ada.", "stop"),
        (of_chat("length", reasoning="Ada", content=None), "Ada", "length"),
        (of_chat("length", reasoning="Ada.", content='{"a'), "Ada.", "stop"),
        (of_chat(content="<think>Ada.</think>{}"), "Ada.", "stop"),
    ],
)
def test_a_thought_is_what_a_chat_server_calls_reasoning_and_ends_where_it_begins_to_answer(
    said: Any, text: str, finish: str
) -> None:
    came = ChatWire("m", 7, "</think>").read(a_thought(), said)
    assert (came.text, came.finish) == (text, finish)
    assert came.stopped_by == (CLOSE if finish == "stop" else None)


def test_ollamas_thought_may_stand_in_a_field_of_its_own() -> None:
    wire = OllamaWire("m", DECODE, 7, 4096)
    assert wire.read(a_thought(), OLLAMA | {"thinking": "Ada.", "response": ""}).text == "Ada."
    assert wire.read(asked(), OLLAMA | {"thinking": "Ada."}).text == "{}"
