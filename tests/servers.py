"""Servers for the endpoint's tests: what each kind says of itself and how it answers, and a proxy that does harm."""

import asyncio
import json
import threading
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
from aiohttp import web
from fakes import FakeTokenizer, a_request
from shop import GOOD

from extractor.engines.endpoint.engine import EndpointEngine, EndpointSettings
from extractor.engines.endpoint.host import Terms
from extractor.types import Document

Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]
OWNERS = {"vllm": "vllm", "sglang": "sglang", "llamacpp": "llamacpp", "ollama": "library"}
COMPLETIONS = ("vllm", "sglang", "lmstudio", "mlx")
THOUGHT = "Well"


class Listening:
    """One handler for all paths, on a port of this machine, in a thread of its own; it may die and come back."""

    def __init__(self, handler: Handler) -> None:
        self._handler, self._port = handler, 0
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self.rise()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    def rise(self) -> None:
        self._in_thread(self._rise())

    def die(self) -> None:
        """Whoever waits for an answer gets none, and nobody gets through any more."""
        self._in_thread(self._die())

    def end(self) -> None:
        if self._loop.is_closed():
            return
        self.die()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _in_thread(self, work) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    async def _rise(self) -> None:
        self._runner = web.ServerRunner(web.Server(self._handler, handler_cancellation=True), shutdown_timeout=0)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self._port, reuse_address=True)
        await site.start()
        self._port = self._runner.addresses[0][1]

    async def _die(self) -> None:
        for protocol in list(self._runner.server.connections if self._runner.server else ()):
            if protocol.transport:
                protocol.transport.abort()
        await self._runner.cleanup()


class FakeServer(Listening):
    """Answers as a server of this kind does; its model has one token a character."""

    def __init__(self, kind: str = "vllm", holds: bool = True, says: Callable[[Any], str] = lambda body: GOOD) -> None:
        self.kind, self.holds, self.says = kind, holds, says
        self.key: str | None = None
        self.context, self.seconds, self.lean = 200_000, 0.0, False
        self.reads = "".join  # what /detokenize makes of the characters
        self.bodies: list[dict[str, Any]] = []
        self.busy = self.busiest = 0
        super().__init__(self._handle)

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        if self.key and request.headers.get("Authorization") != f"Bearer {self.key}":
            return error(401, f"Incorrect API key provided: {request.headers.get('Authorization')}")
        if request.method == "GET":
            return self._about(request.path)
        return await self._answered(request.path, await request.json())

    def _about(self, path: str) -> web.Response:
        server = {"Server": "BaseHTTP/0.6 Python/3.12"} if self.kind == "mlx" else {}
        known: dict[str, Any] = {}
        if self.kind != "openai":
            model = {"id": "m", "owned_by": OWNERS.get(self.kind, "x"), "max_model_len": self.context}
            known["/v1/models"] = {"data": [] if self.kind == "mlx" else [model]}
        if self.kind == "vllm":
            known["/version"] = {"version": "0.32.0"}
        if self.kind == "llamacpp":
            settings = {"n_ctx": self.context}
            known["/props"] = {"default_generation_settings": settings, "total_slots": 4, "build_info": "b1"}
        if self.kind == "ollama":
            known["/api/version"] = {"version": "0.32"}
        if self.kind == "lmstudio":
            known["/api/v1/models"] = {"models": []}
        if path not in known and self.kind == "lmstudio":
            return web.json_response({"error": f"Unexpected endpoint or method. (GET {path}). Returning 200 anyway"})
        if path not in known:
            return web.json_response({"detail": "Not Found"}, status=404, headers=server)
        return web.json_response(known[path], headers=server)

    async def _answered(self, path: str, body: Any) -> web.Response:
        if path == "/detokenize" and self.kind in ("vllm", "llamacpp"):
            text = self.reads(map(chr, body["tokens"]))
            return web.json_response({"prompt": text} if self.kind == "vllm" else {"content": text})
        if self.lean and (unknown := sorted({"top_k", "chat_template_kwargs"} & set(body))):
            return error(400, f"Unknown parameter: '{unknown[0]}'.")
        if path not in self._paths():
            return error(404, "Not Found")
        self.bodies.append(body)
        self.busy, self.busiest = self.busy + 1, max(self.busiest, self.busy + 1)
        try:
            await asyncio.sleep(self.seconds)
            return web.json_response(self._reply(body))
        finally:
            self.busy -= 1

    def _paths(self) -> tuple[str, ...]:
        if self.kind in COMPLETIONS:
            return ("/v1/completions",)
        return {"llamacpp": ("/completion",), "ollama": ("/api/generate",), "openai": ("/v1/chat/completions",)}[
            self.kind
        ]

    def _reply(self, body: Any) -> dict[str, Any]:
        stops, schema = body.get("stop") or body.get("stop_token_ids"), schema_of(body)
        stops = stops or body.get("options", {}).get("stop")
        word = (schema or {}).get("properties", {}).get("word", {}).get("const")
        text = json.dumps({"word": word}) if word and self.holds else THOUGHT if stops else self.says(body)
        prompt = body.get("prompt") or ""
        if self.kind == "llamacpp":
            return in_llama(body, text, stops)
        if self.kind == "ollama":
            return in_ollama(prompt, text)
        choice: dict[str, Any] = {"index": 0, "finish_reason": "stop"}
        if self.kind == "openai":
            wants = body.get("chat_template_kwargs", {}).get("enable_thinking")
            told = {"content": GOOD, "reasoning_content": THOUGHT} if wants else {"content": text}
            choice["message"] = {"role": "assistant", **told}
        else:
            choice |= {"text": text} | in_ids(self.kind, body, text)
        usage = {
            "prompt_tokens": len(prompt),
            "completion_tokens": len(text),
            "prompt_tokens_details": {"cached_tokens": 1},
        }
        return {"choices": [choice], "usage": usage}


def schema_of(body: Any) -> Any:
    """The schema that a request's answer is to be held to, wherever it says it."""
    nested = (body.get("response_format") or {}).get("json_schema", {}).get("schema")
    return nested or body.get("json_schema") or body.get("format")


def in_ids(kind: str, body: Any, text: str) -> dict[str, Any]:
    ids = [*map(ord, text)]
    if kind not in ("vllm", "sglang"):
        return {}
    stop = next(iter(body["stop_token_ids"]), None)
    ids += [] if stop is None else [stop]
    told = {"token_ids": ids, "logprobs": {"token_logprobs": [-0.5] * len(ids)} if body.get("logprobs") else None}
    return told | ({"stop_reason": stop} if kind == "vllm" else {"matched_stop": stop})


def in_llama(body: Any, text: str, stops: Any) -> dict[str, Any]:
    told = [{"id": ord(one), "token": one, "logprob": -0.5} for one in text] if body.get("n_probs") else []
    return {
        "content": text,
        "tokens": [*map(ord, text)],
        "stop_type": "word" if stops else "eos",
        "stopping_word": stops[0] if stops else "",
        "truncated": False,
        "tokens_evaluated": len(body["prompt"]),
        "tokens_predicted": len(text),
        "timings": {"cache_n": 1, "prompt_ms": 9.2, "predicted_ms": 78.7},
        "completion_probabilities": told,
    }


def in_ollama(prompt: str, text: str) -> dict[str, Any]:
    took = {"prompt_eval_duration": 9_200_000, "eval_duration": 78_700_000}
    return {
        "response": text,
        "done": True,
        "done_reason": "stop",
        "prompt_eval_count": len(prompt),
        "eval_count": len(text),
        **took,
    }


def error(status: int, message: str, **headers: str) -> web.Response:
    """An error as OpenAI and vLLM wrap it."""
    said = {"error": {"message": message, "type": "Error", "param": None, "code": status}}
    return web.json_response(said, status=status, headers=headers)


class FaultyProxy(Listening):
    """Stands before a server and does harm to requests for answers: `fault(n, body)` names what is done to
    the nth.

    refuse: cut before it gets through; reset: cut when the answer is there; half: cut in the middle of the answer;
    slow: the answer in small pieces; 400, 429, 503 and 500: that instead of an answer; anything else: nothing.
    """

    def __init__(self, upstream: str, fault: Callable[[int, bytes], str]) -> None:
        self._upstream, self._fault, self._count = upstream, fault, 0
        self.done = Counter[str]()  # by fault
        self.delivered = Counter[str]()  # answers that went out whole, by the prompt that they answer
        super().__init__(self._pass)

    async def _pass(self, request: web.BaseRequest) -> web.StreamResponse:
        body = await request.read()
        asks = "omplet" in request.path or "generate" in request.path
        self._count += asks
        fault = self._fault(self._count, body) if asks else ""
        self.done[fault] += bool(fault)
        if fault in ("400", "429", "503", "500"):
            return error(int(fault), "not now", **({"Retry-After": "0.05"} if fault == "429" else {}))
        if fault == "refuse":
            return self._cut(request)
        status, answer = await self._forward(request, body)
        if fault == "reset":
            return self._cut(request)
        if fault in ("half", "slow"):
            return await self._in_pieces(request, answer, body, whole=fault == "slow")
        self._note(status, body if asks else b"")
        return web.Response(body=answer, status=status, content_type="application/json")

    async def _forward(self, request: web.BaseRequest, body: bytes) -> tuple[int, bytes]:
        async with (
            aiohttp.ClientSession() as session,
            session.request(
                request.method, self._upstream + request.path, data=body, headers=dict(request.headers)
            ) as came,
        ):
            return came.status, await came.read()

    async def _in_pieces(self, request: web.BaseRequest, answer: bytes, body: bytes, whole: bool) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": str(len(answer)), "Content-Type": "application/json"})
        await response.prepare(request)
        middle = len(answer) // 2
        await response.write(answer[:middle])
        await asyncio.sleep(0.02)
        if not whole:
            return self._cut(request)
        self._note(200, body)
        await response.write(answer[middle:])
        return response

    def _note(self, status: int, body: bytes) -> None:
        said = json.loads(body) if body else {}
        if said and status == 200 and "word" not in ((schema_of(said) or {}).get("properties") or {}):
            self.delivered[str(said.get("prompt") or said.get("messages"))] += 1

    def _cut(self, request: web.BaseRequest) -> web.Response:
        if request.transport:
            request.transport.abort()
        return web.Response()


def endpoint_to(*urls: str, key: str | None = None, linger: float = 60.0, **given: Any) -> EndpointEngine:
    """An endpoint to these servers, which have the tokenizer of the fakes."""
    words: dict[str, Any] = {
        "kind": None,
        "model": "m",
        "window": None,
        "patience": 5.0,
        "context": 100_000,
        "seed": 7,
        "trial": a_request(Document("", "", ""), [*map(ord, "Who?")], messages=({"role": "user", "content": "Who?"},)),
        "decode": FakeTokenizer().decode,
        "close": "</think>",
    }
    return EndpointEngine(EndpointSettings(urls, key, Terms(**(words | given)), linger))
