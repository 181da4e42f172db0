"""A page for a person at this machine: served at 127.0.0.1 alone, and only to who has the token in its address."""

import json
import secrets
import socket
import warnings
from collections.abc import Callable, Mapping
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from extractor.errors import UserError, install

if TYPE_CHECKING:
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import Response

MOST_BYTES = 8 << 20  # of what a page sends
HEADERS = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "X-Content-Type-Options": "nosniff"}

Page = Callable[[], str]
Answer = Callable[[dict[str, Any]], Any]  # a JSON object → a JSON value; UserError is a mistake that the page shows


def local_app(page: Page, answers: Mapping[str, Answer], token: str) -> "Starlette":
    """The app: GET /?token=… is the page, POST /NAME with `Authorization: Bearer TOKEN` and JSON is an answer.

    403 without the token, 400 from another host name (DNS rebinding), 413 for more than 8 MiB, 422 with
    {"fault": line} for a UserError and for what is no JSON object. Answers are called in threads, several at once.
    """
    from starlette.applications import Starlette
    from starlette.middleware import Middleware
    from starlette.middleware.trustedhost import TrustedHostMiddleware
    from starlette.routing import Route

    only_here = Middleware(TrustedHostMiddleware, allowed_hosts=["127.0.0.1", "localhost"])
    served = _Doors(page, answers, token)
    routes = [Route("/", served.show), Route("/{name}", served.answer, methods=["POST"])]
    return Starlette(routes=routes, middleware=[only_here])


class _Doors:
    def __init__(self, page: Page, answers: Mapping[str, Answer], token: str) -> None:
        self._page, self._answers, self._token = page, answers, token

    async def show(self, request: "Request") -> "Response":
        from starlette.concurrency import run_in_threadpool
        from starlette.responses import HTMLResponse, PlainTextResponse

        if not self._known(request.query_params.get("token", "")):
            return PlainTextResponse("open the address that the command printed, with its token", 403, HEADERS)
        return HTMLResponse(await run_in_threadpool(self._page), headers=HEADERS)

    async def answer(self, request: "Request") -> "Response":
        from starlette.concurrency import run_in_threadpool

        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme != "Bearer" or not self._known(token):
            return _json({"fault": "open the address that the command printed, with its token"}, 403)
        found = self._answers.get(request.path_params["name"])
        if found is None:
            return _json({"fault": "no such question"}, 404)
        length = request.headers.get("content-length", "")
        if not length.isdigit() or int(length) > MOST_BYTES:
            return _json({"fault": "more than 8 MiB at once, or no Content-Length"}, 413)
        try:
            return _json(await run_in_threadpool(found, _object(await request.body())), 200)
        except UserError as error:
            return _json({"fault": str(error)}, 422)

    def _known(self, token: str) -> bool:
        return secrets.compare_digest(token.encode(), self._token.encode())


def _object(body: bytes) -> dict[str, Any]:
    """What was sent; UserError for anything but an object of JSON, in which no number is infinite or none."""
    try:
        found = json.loads(body)
        json.dumps(found, allow_nan=False)
    except (ValueError, RecursionError):
        raise UserError("want one JSON object; reload the page") from None
    if not isinstance(found, dict):
        raise UserError("want one JSON object; reload the page")
    return found


def _json(value: Any, status: int) -> "Response":
    from starlette.responses import JSONResponse

    return JSONResponse(value, status, HEADERS)


def serve(page: Page, answers: Mapping[str, Answer], port: int, opened: Callable[[str], None]) -> None:
    """Serves until an interrupt; `opened` is told the address, with its token, once it can be opened (port 0: any).

    UserError where the web server is not installed, or the port is another's.
    """
    needs_server()
    import uvicorn

    token = secrets.token_urlsafe(16)
    with _bound(port) as listening, warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # of a server that is ended before it has begun
        config = uvicorn.Config(local_app(page, answers, token), log_config=None, access_log=False, lifespan="off")
        opened(f"http://127.0.0.1:{listening.getsockname()[1]}/?token={token}")
        uvicorn.Server(config).run(sockets=[listening])


def needs_server() -> None:
    """UserError where the web server is not installed."""
    if not (find_spec("uvicorn") and find_spec("starlette")):
        raise UserError(f"this page needs a web server; {install('review')}")


def _bound(port: int) -> socket.socket:
    listening = socket.socket()
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind(("127.0.0.1", port))
    except OSError as error:
        listening.close()
        raise UserError(f"--port {port}: {error.strerror or error}; choose another, or none") from None
    listening.listen()  # who opens the address before the server runs waits a moment, and is not refused
    return listening
