"""A registry on the loopback interface that implements the API v2, with the faults that a test requests."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

INDEX = "application/vnd.oci.image.index.v1+json"


def digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


@dataclass
class Registry:
    """The content of the registry, `repository:tag` (or `repository@digest`) to manifest, and its behaviour.

    `auth`: None, "basic" or "bearer"; `user` is the only known user. `answers` replaces the response for a repository
    by (status, headers); a list contains consecutive responses. `asked` records every request.
    """

    manifests: dict[str, bytes] = field(default_factory=dict)
    auth: str | None = None
    user: tuple[str, str] = ("robot", "hunter2")
    anonymous_pull: bool = False
    answers: dict[str, Any] = field(default_factory=dict)
    digest_header: str | None = "right"
    head_allowed: bool = True
    delay: float = 0.0
    token_answer: bytes | None = None
    realm: str | None = None
    asked: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    busiest: int = 0
    _busy: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __enter__(self) -> Self:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"registry": self}))
        self.host = f"127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def add(self, name: str, content: bytes = b"{}") -> str:
        """Add a manifest and return its digest."""
        self.manifests[name] = content
        return digest(content)

    def add_index(self, name: str, *digests: str) -> str:
        """Add an index of several architectures and return its digest."""
        return self.add(name, json.dumps({"mediaType": INDEX, "manifests": [{"digest": d} for d in digests]}).encode())

    def basic(self) -> str:
        return "Basic " + base64.b64encode(":".join(self.user).encode()).decode()

    def enter(self, change: int) -> None:
        with self._lock:
            self._busy += change
            self.busiest = max(self.busiest, self._busy)


class _Handler(BaseHTTPRequestHandler):
    registry: Registry
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        registry = self.registry
        registry.asked.append((self.command, self.path, dict(self.headers.items())))
        registry.enter(1)
        time.sleep(registry.delay)
        try:
            if self.path.startswith("/token"):
                self._token()
            else:
                self._manifest()
        except BrokenPipeError:
            self.close_connection = True
        finally:
            registry.enter(-1)

    do_HEAD = do_GET  # noqa: N815 - http.server's name

    def log_message(self, *_: object) -> None:
        """Log nothing."""

    def _manifest(self) -> None:
        registry = self.registry
        repository, _, reference = self.path.removeprefix("/v2/").partition("/manifests/")
        if not self._may():
            return
        if (answer := registry.answers.get(repository)) is not None:
            status, headers = answer.pop(0) if isinstance(answer, list) else answer
            if status:
                self._send(status, b"busy", headers)
                return
        if self.command == "HEAD" and not registry.head_allowed:
            self._send(405, b"")
            return
        separator = "@" if reference.startswith("sha256:") else ":"
        content = registry.manifests.get(f"{repository}{separator}{reference}")
        if content is None:
            self._send(404, b'{"errors":[{"code":"MANIFEST_UNKNOWN"}]}')
            return
        told = digest(content) if registry.digest_header == "right" else registry.digest_header
        self._send(200, content, {"Docker-Content-Digest": told} if told else {})

    def _may(self) -> bool:
        registry = self.registry
        wanted = {None: None, "basic": registry.basic(), "bearer": "Bearer token-for-" + self._repository()}[
            registry.auth
        ]
        if wanted is None or self.headers.get("Authorization") == wanted:
            return True
        realm = registry.realm or f"http://{registry.host}/token"
        challenge = 'Basic realm="x"' if registry.auth == "basic" else f'Bearer realm="{realm}",service="us"'
        self._send(401, b"", {"WWW-Authenticate": challenge})
        return False

    def _repository(self) -> str:
        return self.path.removeprefix("/v2/").partition("/manifests/")[0]

    def _token(self) -> None:
        registry = self.registry
        if not registry.anonymous_pull and self.headers.get("Authorization") != registry.basic():
            self._send(401, b"")
            return
        query = parse_qs(urlsplit(self.path).query)
        repository = query["scope"][0].removeprefix("repository:").removesuffix(":pull")
        assert query["service"] == ["us"]
        self._send(200, registry.token_answer or json.dumps({"token": f"token-for-{repository}"}).encode())

    def _send(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)
