"""How a connection behaves towards a server that is slow, overloaded, hostile or not an API server at all."""

from __future__ import annotations

import base64
import threading
import time
from pathlib import Path
from typing import Any

import orjson
import pytest

from blueprint.apiserver.connect import connect
from blueprint.apiserver.connection import Connection
from blueprint.apiserver.credential_expiry import token_expiry
from blueprint.apiserver.errors import ApiError
from blueprint.apiserver.kubeconfig import Endpoint
from blueprint.diagnostics import Refused
from tests.support.scripted_server import Answer, each, serving


def kubeconfig(tmp_path: Path, server: str, user: dict[str, Any] | None = None) -> str:
    body = {
        "current-context": "x",
        "clusters": [{"name": "c", "cluster": {"server": server}}],
        "users": [{"name": "u", "user": user or {"token": "s3cret"}}],
        "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u"}}],
    }
    path = tmp_path / "config"
    path.write_bytes(orjson.dumps(body))
    return str(path)


def refusal(path: str, timeout: float = 5) -> tuple[str, str]:
    with pytest.raises(Refused) as caught:
        connect(path, timeout=timeout)
    assert caught.value.exit_code == 2
    return caught.value.diagnostics[0].code.slug, caught.value.diagnostics[0].message


def to(server: str, timeout: float = 5) -> Connection:
    return Connection(Endpoint(server), "test", timeout)


def test_a_closed_port_is_unreachable(tmp_path: Path) -> None:
    slug, message = refusal(kubeconfig(tmp_path, "https://127.0.0.1:1"), timeout=2)
    assert slug == "cluster-unreachable"
    assert "127.0.0.1:1" in message
    assert "refused" in message


def test_a_name_that_does_not_resolve_is_unreachable(tmp_path: Path) -> None:
    slug, _ = refusal(kubeconfig(tmp_path, "https://no-such-host.invalid:6443"), timeout=2)
    assert slug == "cluster-unreachable"


def test_silence_ends_with_the_timeout(tmp_path: Path) -> None:
    over = threading.Event()

    def silent(_method: str, _path: str) -> Answer:
        over.wait()
        return 200, {}, {}

    with serving(silent) as (server, _):
        try:
            slug, message = refusal(kubeconfig(tmp_path, server), timeout=0.3)
        finally:
            over.set()
    assert (slug, "no answer within 0.3 s" in message) == ("cluster-unreachable", True)


@pytest.mark.parametrize(
    "answer",
    [
        (200, b"<html>Sign in</html>", {}),
        (200, {"hello": "world"}, {}),
        (200, [1], {}),
        (302, b"", {"Location": "https://login.example"}),
        (404, b"nothing here", {}),
    ],
)
def test_a_server_that_is_not_kubernetes_is_reported(answer: Answer, tmp_path: Path) -> None:
    with serving(each(answer)) as (server, _):
        assert refusal(kubeconfig(tmp_path, server))[0] == "not-kubernetes"


def test_a_plain_text_port_spoken_to_with_tls_is_reported(tmp_path: Path) -> None:
    with serving(each((200, {}, {}))) as (server, _):
        assert refusal(kubeconfig(tmp_path, server.replace("http:", "https:")))[0] == "tls-failed"


def test_a_401_names_the_credential_and_its_end_but_not_the_credential(tmp_path: Path) -> None:
    claims = base64.urlsafe_b64encode(b'{"exp": 1700000000}').decode().rstrip("=")
    unauthorized = {"kind": "Status", "reason": "Unauthorized", "message": "Unauthorized", "code": 401}
    with serving(each((401, unauthorized, {}))) as (server, _):
        slug, message = refusal(kubeconfig(tmp_path, server, {"token": f"e30.{claims}.sig"}))
    assert slug == "not-authenticated"
    assert "the token (expired 2023-11-14 22:13 UTC)" in message
    assert claims not in message


@pytest.mark.parametrize("token", ["opaque", "a.b.c", "a.bm90IGpzb24.c", "a.e30.c", "a.eyJleHAiOiAxZTk5fQ.c"])
def test_a_token_that_says_no_end_has_none(token: str) -> None:
    assert token_expiry(token) is None


def test_overload_is_waited_out_as_long_as_it_says() -> None:
    with serving(each((429, {}, {"Retry-After": "1"}), (200, {"ok": 1}, {}))) as (server, seen):
        begun = time.monotonic()
        assert to(server).request("POST", "/x", {}) == {"ok": 1}
        assert time.monotonic() - begun > 0.9
    assert len(seen) == 2


def test_overload_that_does_not_end_is_given_up() -> None:
    with serving(each((429, {}, {"Retry-After": "1"}))) as (server, seen), pytest.raises(ApiError) as caught:
        to(server, timeout=1.5).get("/x")
    assert caught.value.status == 429
    assert len(seen) == 2


def test_a_read_survives_an_unavailable_server_and_a_write_is_never_repeated() -> None:
    with serving(each((503, {}, {}), (200, {"ok": 1}, {}))) as (server, _):
        assert to(server).get("/x") == {"ok": 1}
    with serving(each((503, {}, {}), (200, {}, {}))) as (server, seen):
        with pytest.raises(ApiError):
            to(server).request("POST", "/x", {})
        assert len(seen) == 1


def test_a_list_is_read_in_pages_and_restarted_when_its_token_expires() -> None:
    first = (200, {"kind": "ThingList", "apiVersion": "v1", "items": [{"n": 1}], "metadata": {"continue": "t"}}, {})
    last = (200, {"kind": "ThingList", "apiVersion": "v1", "items": [{"n": 2}], "metadata": {}}, {})
    gone = (410, {"kind": "Status", "reason": "Expired", "message": "too old"}, {})
    with serving(each(first, gone, first, last)) as (server, seen):
        items = to(server).list("/things")
    assert items == [{"n": n, "apiVersion": "v1", "kind": "Thing"} for n in (1, 2)]
    assert ["continue" in request for request in seen] == [False, True, False, True]


def test_a_token_that_is_renewed_is_used_at_once() -> None:
    renewed: list[str] = []

    def renew() -> str:
        renewed.append("again")
        return "Bearer new"

    with serving(each((401, {}, {}), (200, {"ok": 1}, {}))) as (server, _):
        connection = Connection(Endpoint(server, authorization="Bearer old", renew=renew), "x", 5)
        assert connection.get("/x") == {"ok": 1}
    assert renewed == ["again"]


@pytest.mark.parametrize(
    ("status", "message", "transient"),
    [
        (500, "failed to create typed patch object (a/b; /v1, Kind=ConfigMap): .data.k: expected string", False),
        (500, "failed to convert new object (/s; /v1, Kind=Secret) to proper version: illegal base64 data", False),
        (500, 'Internal error occurred: failed calling webhook "v.example": connect refused', True),
        (500, "etcdserver: request timed out", True),
        (503, "", True),
        (504, "", True),
        (422, "invalid", False),
        (409, "conflict", False),
        (403, "no", False),
    ],
)
def test_what_may_pass_is_distinguished_from_what_never_will(status: int, message: str, transient: bool) -> None:
    assert ApiError(status, "", message).transient is transient
