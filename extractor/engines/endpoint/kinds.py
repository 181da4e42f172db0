"""Which server is at an address: it is asked, and nothing is guessed from the address."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Literal, get_args

from extractor.engines.endpoint.http import Http, Reply
from extractor.errors import UserError

Kind = Literal["vllm", "sglang", "llamacpp", "ollama", "lmstudio", "mlx", "openai"]
# Sent at once: plenty to those who queue, one more than its slots where they are known, few where a burst hurts
WINDOWS: dict[Kind, int] = {
    "vllm": 256, "sglang": 256, "llamacpp": 2, "ollama": 2, "lmstudio": 4, "mlx": 4, "openai": 32,
}  # fmt: skip
OWNERS: dict[str, Kind] = {"vllm": "vllm", "sglang": "sglang", "llamacpp": "llamacpp", "library": "ollama"}


@dataclass(frozen=True, slots=True)
class Server:
    """What a server says of itself; None where it does not."""

    kind: Kind
    model: str  # as it calls it
    version: str = ""
    context: int | None = None  # tokens of one request
    slots: int | None = None  # requests that it works on at once

    @property
    def window(self) -> int:
        """Requests to be sent at once."""
        return WINDOWS[self.kind] if self.slots is None else self.slots + 1


async def identified(http: Http, kind: Kind | None, model: str | None) -> Server:
    """The server; `kind` and `model` are what a person said of it. UserError with the words that would help."""
    listed = await http.get("/v1/models")
    models = _models(listed.body)
    kind = kind or await _kind(http, listed, models)
    name = _model(http.shown, kind, models, model)
    found = next((one for one in models if one.get("id") == name), {})
    return await ABOUT.get(kind, _nothing_more)(http, kind, name, found)


def _models(body: Any) -> list[dict[str, Any]]:
    held = body.get("data") if isinstance(body, dict) else None
    return [one for one in held if isinstance(one, dict)] if isinstance(held, list) else []


async def _kind(http: Http, listed: Reply, models: list[dict[str, Any]]) -> Kind:
    for one in models:
        if owner := OWNERS.get(str(one.get("owned_by"))):
            return owner
    if listed.server.startswith("BaseHTTP"):  # Python's own server, which nobody else of these uses
        return "mlx"
    for path, kind in PATHS:
        reply = await http.get(path)
        if reply.status == 200 and isinstance(reply.body, dict) and "error" not in reply.body:  # LM Studio says both
            return kind
    kinds = ", ".join(get_args(Kind))
    cure = f"say it with --server (one of {kinds}; openai is any other that takes messages)"
    raise UserError(f"--url {http.shown}: it does not tell what it is ({listed.status} for /v1/models); {cure}")


PATHS: tuple[tuple[str, Kind], ...] = (
    ("/props", "llamacpp"),
    ("/api/version", "ollama"),
    ("/api/v1/models", "lmstudio"),
)


def _model(shown: str, kind: Kind, models: list[dict[str, Any]], asked: str | None) -> str:
    names = [str(one.get("id")) for one in models]
    if asked:
        if names and asked not in names and kind not in ("openai", "mlx", "llamacpp"):
            raise UserError(f"--served-model {asked}: {shown} has {', '.join(names[:8])}")
        return asked
    if len(names) == 1:
        return names[0]
    if not names and kind == "mlx":
        return "default_model"
    has = f"has {', '.join(names[:8])}" if names else "does not tell its models"
    raise UserError(f"--url {shown}: it {has}; say which with --served-model")


async def _vllm(http: Http, kind: Kind, model: str, found: dict[str, Any]) -> Server:
    version = _told((await http.get("/version")).body, "version")
    return Server(kind, model, version, _number(found.get("max_model_len")))


async def _sglang(http: Http, kind: Kind, model: str, found: dict[str, Any]) -> Server:
    version = _told((await http.get("/server_info")).body, "version")
    return Server(kind, model, version, _number(found.get("max_model_len")))


async def _llama(http: Http, kind: Kind, model: str, found: dict[str, Any]) -> Server:
    said = (await http.get("/props")).body
    props = said if isinstance(said, dict) else {}
    settings = props.get("default_generation_settings") or {}
    context, slots = _number(settings.get("n_ctx")), _number(props.get("total_slots"))
    return Server(kind, model, str(props.get("build_info") or ""), context, slots)


async def _ollama(http: Http, kind: Kind, model: str, found: dict[str, Any]) -> Server:
    return Server(kind, model, _told((await http.get("/api/version")).body, "version"))


async def _nothing_more(http: Http, kind: Kind, model: str, found: dict[str, Any]) -> Server:
    return Server(kind, model)


ABOUT: dict[Kind, Callable[[Http, Kind, str, dict[str, Any]], Awaitable[Server]]] = {
    "vllm": _vllm,
    "sglang": _sglang,
    "llamacpp": _llama,
    "ollama": _ollama,
}


def _told(body: Any, name: str) -> str:
    return str(body.get(name) or "") if isinstance(body, dict) else ""


def _number(value: Any) -> int | None:
    return value if isinstance(value, int) and value > 0 else None
