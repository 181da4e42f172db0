"""HTTP to one server: what came back, or how nothing did. Needs aiohttp, which is imported when the first is made."""

import json
import socket
from collections.abc import Callable
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from importlib.util import find_spec
from time import time
from typing import TYPE_CHECKING, Any, NoReturn
from urllib.parse import urlsplit, urlunsplit

from extractor.documents.row import without_secrets
from extractor.errors import UserError, install

if TYPE_CHECKING:
    import aiohttp

CONNECT = 10  # seconds; an answer may take as long as it takes
OVER = (401, 402, 403, 404)  # the set-up, and no matter of one request
FULL = (429, 503)
AGAIN = (408, 425)  # and all from 500 on: a server that is ended says 500 to what it had
SILENT = [(socket.TCP_KEEPIDLE, 60), (socket.TCP_KEEPINTVL, 15), (socket.TCP_KEEPCNT, 4)]  # a machine that is gone


class Full(Exception):
    """The server has no room now; `pause` is the seconds that it asks for, None where it does not say."""

    def __init__(self, why: str, pause: float | None) -> None:
        super().__init__(why)
        self.pause = pause


class Lost(Exception):
    """No whole answer came back; `sent` says whether the request may have reached the server."""

    def __init__(self, why: str, sent: bool) -> None:
        super().__init__(why)
        self.sent = sent


class Refused(Exception):
    """The server refuses this one request."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What a server said; `body` is its JSON, None where it is none."""

    status: int
    body: Any
    text: str = ""
    server: str = ""  # what it calls itself in its header


class Http:
    """One server at one address; `lives` is called for each piece of an answer that comes in."""

    def __init__(self, url: str, key: str | None, lives: Callable[[], None]) -> None:
        self._session: aiohttp.ClientSession | None = None
        self._url, self._key, self._lives = urlsplit(url), key, lives
        self._headers = {"Authorization": f"Bearer {key}"} if key else {}
        self.shown = without_secrets(url)

    async def renew(self) -> None:
        """Forgets its connections: one that was kept leads to whoever was there before, and may keep that from ending.

        To be called before anything is asked, in the thread that asks.
        """
        await self.close()
        self._session = _new_session()

    async def close(self) -> None:
        """Breaks off whatever is under way."""
        session, self._session = self._session, None
        if session:
            await session.close()

    async def get(self, path: str) -> Reply:
        """The reply; one that says that there is nothing there is a reply too. Otherwise as `post`."""
        reply, pause = await self._exchange("GET", path, None)
        if reply.status not in (200, 404, 405):
            self._judge(reply, pause)
        return reply

    async def post(self, path: str, body: Any) -> Any:
        """The JSON of an answer.

        Full, Lost and Refused where there is none; UserError where no request could have one.
        """
        reply, pause = await self._exchange("POST", path, body)
        if reply.status != 200 or reply.body is None:
            self._judge(reply, pause)
        return reply.body

    def _judge(self, reply: Reply, pause: str | None) -> NoReturn:
        why = f"{self.shown}: {reply.status} {self.hidden(_said(reply))}".strip()
        if reply.status in OVER or 300 <= reply.status < 400:
            raise UserError(f"{why}; check --url, --served-model and the key (--key-env, --key-file)")
        if reply.status in FULL:
            raise Full(why, _seconds(pause))
        if reply.status in (200, *AGAIN) or reply.status >= 500:
            raise Lost(why, sent=True)
        raise Refused(why)

    def hidden(self, text: str) -> str:
        """The text without the key, on one line of at most 300 characters."""
        short = " ".join((text.replace(self._key, "…") if self._key else text).split())[:300]
        return without_secrets(short)

    async def _exchange(self, method: str, path: str, body: Any) -> tuple[Reply, str | None]:
        import aiohttp

        if self._session is None:
            raise Lost(f"{self.shown}: closed", sent=False)
        data = None if body is None else json.dumps(body).encode()
        headers = self._headers | ({"Content-Type": "application/json"} if data else {})
        try:
            asking = self._session.request(method, self._at(path), data=data, headers=headers, allow_redirects=False)
            async with asking as came:
                text = (await self._read(came)).decode(errors="replace")
                reply = Reply(came.status, _json(text), text, came.headers.get("Server", ""))
                return reply, came.headers.get("Retry-After")
        except aiohttp.InvalidURL as error:
            raise UserError(f"--url {self.shown}: no address") from error
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            raise Lost(f"{self.shown}: {self.hidden(str(error))}", sent=False) from error
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise Lost(f"{self.shown}: {self.hidden(str(error) or type(error).__name__)}", sent=True) from error

    async def _read(self, came: "aiohttp.ClientResponse") -> bytes:
        """All of it; each piece is a sign of life."""
        whole = bytearray()
        async for piece in came.content.iter_any():
            self._lives()
            whole += piece
        self._lives()
        return bytes(whole)

    def _at(self, path: str) -> str:
        """The address of a path, which begins with /v1 whether or not the server's address ends with it."""
        base = self._url.path.rstrip("/").removesuffix("/v1")
        return urlunsplit(self._url._replace(path=base + path))


def needs_client() -> None:
    """UserError where aiohttp is not here."""
    if not find_spec("aiohttp"):
        raise UserError(f"--engine endpoint needs aiohttp; {install('endpoint')}")


def _new_session() -> "aiohttp.ClientSession":
    """Without limits of its own."""
    import aiohttp

    connector = aiohttp.TCPConnector(limit=0, socket_factory=_watched_socket)
    return aiohttp.ClientSession(
        connector=connector, timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT, sock_read=None)
    )


def _watched_socket(info: Any) -> socket.socket:
    """One by which the kernel asks now and then whether the other side is still there."""
    made = socket.socket(*info[:3])
    made.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, value in SILENT:
        made.setsockopt(socket.IPPROTO_TCP, option, value)
    return made


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _said(reply: Reply) -> str:
    """The message of an error, however the server wraps it."""
    error = reply.body.get("error", reply.body) if isinstance(reply.body, dict) else None
    found = error.get("message") if isinstance(error, dict) else error
    return str(found or reply.text)


def _seconds(retry_after: str | None) -> float | None:
    """What Retry-After asks for: seconds, or a date."""
    if retry_after is None:
        return None
    try:
        return max(0.0, float(retry_after))
    except ValueError:
        pass
    try:
        return max(0.0, parsedate_to_datetime(retry_after).timestamp() - time())
    except ValueError:
        return None
