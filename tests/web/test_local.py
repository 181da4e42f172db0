"""A page for a person at this machine: who may see it, and what it says to whom."""

import http.client
import json
import socket
import threading
from contextlib import contextmanager
from urllib.parse import parse_qs, urlsplit

import pytest

from extractor.errors import UserError
from extractor.web.local import serve


def half(asked):
    if asked["number"] % 2:
        raise UserError(f"{asked['number']} is odd; give an even number")
    return {"half": asked["number"] // 2}


@pytest.fixture(scope="module")
def address():
    told, found = threading.Event(), []

    def opened(url):
        found.append(url)
        told.set()

    threading.Thread(target=serve, args=(lambda: "<p>a page</p>", {"half": half}, 0, opened), daemon=True).start()
    assert told.wait(20)
    return urlsplit(found[0])


@contextmanager
def asked(address, method, path, body=None, headers=None):
    connection = http.client.HTTPConnection("127.0.0.1", address.port, timeout=20)
    connection.request(method, path, body, headers or {})
    yield connection.getresponse()
    connection.close()


def bearer(address):
    return {"Authorization": f"Bearer {parse_qs(address.query)['token'][0]}", "Content-Type": "application/json"}


def test_the_address_shows_the_page(address):
    with asked(address, "GET", f"/?{address.query}") as answer:
        assert (answer.status, answer.read()) == (200, b"<p>a page</p>")
        assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("path", ["/", "/?token=", "/?token=guess"])
def test_nobody_else_sees_it(address, path):
    with asked(address, "GET", path) as answer:
        assert answer.status == 403


def test_a_question_is_answered_and_a_mistake_is_a_line(address):
    with asked(address, "POST", "/half", json.dumps({"number": 4}), bearer(address)) as answer:
        assert json.load(answer) == {"half": 2}
    with asked(address, "POST", "/half", json.dumps({"number": 3}), bearer(address)) as answer:
        assert (answer.status, json.load(answer)) == (422, {"fault": "3 is odd; give an even number"})


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("/half", {"Authorization": "Bearer guess"}, 403),
        ("/half", {}, 403),
        ("/third", None, 404),
        ("/half", {"Host": "elsewhere.example"}, 400),
    ],
)
def test_who_may_not_ask(address, path, headers, status):
    mine = bearer(address) if headers is None or "Host" in headers else {}
    with asked(address, "POST", path, b"{}", mine | (headers or {})) as answer:
        assert answer.status == status


@pytest.mark.parametrize("body", [b"{", b"", b"[]", b"\xff", b"[" * 100_000, b'{"number": NaN}', b'{"number": 1e999}'])
def test_what_is_no_object_of_json_is_a_line(address, body):
    with asked(address, "POST", "/half", body, bearer(address)) as answer:
        assert (answer.status, json.load(answer)) == (422, {"fault": "want one JSON object; reload the page"})


def test_too_much_at_once_is_refused(address):
    with asked(address, "POST", "/half", b"{}", bearer(address) | {"Content-Length": str(9 << 20)}) as answer:
        assert answer.status == 413


def test_a_port_of_another_is_one_line():
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(UserError, match=f"--port {port}: Address already in use; choose another, or none"):
            serve(lambda: "", {}, port, lambda url: None)
