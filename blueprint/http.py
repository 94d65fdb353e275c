"""HTTP: one response or one typed failure, within a timeout. The only module that imports urllib3.

Callers handle redirects, retries and the meaning of a status. Threads may share a client.
"""

from __future__ import annotations

import enum
import ssl
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import urllib3

from blueprint._version import __version__
from blueprint.diagnostics.causes import system_words
from blueprint.records import Record

_CONNECT_TIMEOUT = 10.0
"""The maximum time to connect in seconds, whatever the timeout of the response."""
_CHUNK = 2**16


class Failure(enum.StrEnum):
    """The reason why there is no response."""

    TLS = "TLS"
    UNREACHABLE = "unreachable"
    TIMEOUT = "timeout"


class HttpError(Exception):
    """There was no response.

    Attributes:
        failure: The type of failure.
        text: The message of the system, or of OpenSSL.
        unsent: Whether the request was never sent, because the connection was refused.
    """

    def __init__(self, failure: Failure, text: str, *, unsent: bool = False) -> None:
        super().__init__(text)
        self.failure = failure
        self.text = text
        self.unsent = unsent


class Response(Record):
    """A response. Header names are case-insensitive."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def environment_proxy(url: str) -> str | None:
    """The proxy for a URL according to the environment; None if the host is exempt."""
    parts = urlsplit(url)
    proxy = getproxies().get(parts.scheme)
    return proxy if proxy and proxy.startswith("http") and not proxy_bypass(parts.netloc) else None


class HttpClient:
    """Sends requests over persistent connections.

    Attributes:
        timeout: The timeout of one response in seconds.
    """

    def __init__(
        self,
        timeout: float,
        *,
        connections: int = 4,
        proxy: Callable[[str], str | None] = lambda _url: None,
        tls: ssl.SSLContext | None = None,
        server_name: str | None = None,
    ) -> None:
        """Create a client without open connections.

        Args:
            timeout: The timeout of one response in seconds.
            connections: The maximum number of connections kept open per server.
            proxy: Returns the proxy for a URL, None if there is none.
            tls: How to verify servers; None for the system's authorities.
            server_name: The expected name in a server's certificate, if it is not that of the URL.
        """
        self.timeout = timeout
        self._proxy = proxy
        self._options: dict[str, Any] = {
            "headers": {"User-Agent": f"blueprint/{__version__}"},
            "maxsize": connections,
            "timeout": urllib3.Timeout(connect=min(timeout, _CONNECT_TIMEOUT), read=timeout),
        }
        if tls is not None:
            self._options["ssl_context"] = tls
        if server_name:
            self._options["server_hostname"] = server_name
        self._managers: dict[str | None, urllib3.PoolManager] = {None: urllib3.PoolManager(**self._options)}

    def send(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes | None = None,
        *,
        most_bytes: int | None = None,
    ) -> Response:
        """Send one request, without following redirects; the body may be truncated after `most_bytes`. Raises
        HttpError.
        """
        manager = self._manager(url)
        whole = most_bytes is None
        try:
            answer = manager.request(
                method, url, body=body, headers=dict(headers), retries=False, redirect=False, preload_content=whole
            )
            if most_bytes is None:
                return Response(answer.status, answer.headers, answer.data)
            try:
                return Response(answer.status, answer.headers, self._read(answer, most_bytes))
            finally:
                answer.close()
        except urllib3.exceptions.SSLError as error:
            raise HttpError(Failure.TLS, str(error.args[0] if error.args else error)) from error
        except urllib3.exceptions.NewConnectionError as error:  # Also a timeout, but with a more precise message.
            raise HttpError(Failure.UNREACHABLE, system_words(error), unsent=True) from error
        except (urllib3.exceptions.TimeoutError, TimeoutError) as error:
            unsent = isinstance(error, urllib3.exceptions.ConnectTimeoutError)
            raise HttpError(Failure.TIMEOUT, f"no answer within {self.timeout:g} s", unsent=unsent) from error
        except (urllib3.exceptions.HTTPError, OSError, UnicodeError) as error:
            raise HttpError(Failure.UNREACHABLE, system_words(error)) from error

    def close(self) -> None:
        """Close all open connections."""
        for manager in self._managers.values():
            manager.clear()

    def _manager(self, url: str) -> urllib3.PoolManager:
        proxy = self._proxy(url)
        if proxy not in self._managers:
            self._managers[proxy] = urllib3.ProxyManager(str(proxy), **self._options)
        return self._managers[proxy]

    def _read(self, answer: urllib3.BaseHTTPResponse, most_bytes: int) -> bytes:
        """The body, within the timeout of one response: a server may send byte after byte forever."""
        end = time.monotonic() + self.timeout
        body = b""
        while len(body) <= most_bytes and (part := answer.read1(_CHUNK)):
            body += part
            if time.monotonic() > end:
                raise TimeoutError("it takes too long")
        return body


def retry_pause(headers: Mapping[str, str], attempt: int, *, first: float, longest: float) -> float:
    """Seconds before the next attempt (counted from 0): as requested by the server, otherwise doubled each time."""
    wanted = headers.get("Retry-After", "")
    return min(float(wanted) if wanted.isdecimal() else first * 2**attempt, longest)


def tls_context(
    authority: bytes | None = None,
    certificate: bytes | None = None,
    key: bytes | None = None,
    *,
    insecure: bool = False,
) -> ssl.SSLContext:
    """The TLS context to verify a server and authenticate to it; all PEM. Raises ssl.SSLError or ValueError for invalid
    input.
    """
    context = ssl.create_default_context(cadata=authority.decode("ascii", "replace") if authority else None)
    # Cluster authorities created by kubeadm and kind lack key usage extensions that Python 3.13 requires.
    context.verify_flags &= ~getattr(ssl, "VERIFY_X509_STRICT", 0)
    if insecure:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)  # explicitly requested
    if certificate:
        _present(context, certificate, key or b"")
    return context


def _present(context: ssl.SSLContext, certificate: bytes, key: bytes) -> None:
    """Load the client certificate. OpenSSL accepts files only; these exist during this call, readable only by us."""
    with tempfile.TemporaryDirectory(prefix="blueprint-") as folder:
        chain = Path(folder) / "client.pem"
        chain.touch(mode=0o600)
        chain.write_bytes(certificate.rstrip() + b"\n" + key)
        context.load_cert_chain(chain)
