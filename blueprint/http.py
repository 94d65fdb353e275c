"""HTTP: one answer or one typed failure, within a time limit. The only module that knows urllib3.

Redirects, retries and the meaning of a status belong to the caller. Threads may share a client.
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
"""Most seconds for a connection, however long an answer may take."""
_CHUNK = 2**16


class Failure(enum.StrEnum):
    """Why there is no answer."""

    TLS = "TLS"
    UNREACHABLE = "unreachable"
    TIMEOUT = "timeout"


class HttpError(Exception):
    """No answer came.

    Attributes:
        failure: Why.
        text: The same in the words of the system, or of OpenSSL.
        unsent: Whether the request never left: nobody took the connection.
    """

    def __init__(self, failure: Failure, text: str, *, unsent: bool = False) -> None:
        super().__init__(text)
        self.failure = failure
        self.text = text
        self.unsent = unsent


class Response(Record):
    """An answer. Names of headers are found in any case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def environment_proxy(url: str) -> str | None:
    """The proxy that the environment names for a URL; None where it exempts the host."""
    parts = urlsplit(url)
    proxy = getproxies().get(parts.scheme)
    return proxy if proxy and proxy.startswith("http") and not proxy_bypass(parts.netloc) else None


class HttpClient:
    """Sends requests over connections that it keeps open.

    Attributes:
        timeout: Seconds that one answer may take.
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
        """Open nothing yet.

        Args:
            timeout: Seconds that one answer may take.
            connections: Most connections that are kept open to one server.
            proxy: Gives the proxy for a URL, None where there is none.
            tls: How servers prove who they are; None for the authorities of the system.
            server_name: The name that a server's certificate must be for, if not that of the URL.
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
        """One request, not followed anywhere; the body may be cut off soon after `most_bytes`. Raises HttpError."""
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
        except urllib3.exceptions.NewConnectionError as error:  # counts as a timeout too, but says more
            raise HttpError(Failure.UNREACHABLE, system_words(error), unsent=True) from error
        except (urllib3.exceptions.TimeoutError, TimeoutError) as error:
            unsent = isinstance(error, urllib3.exceptions.ConnectTimeoutError)
            raise HttpError(Failure.TIMEOUT, f"no answer within {self.timeout:g} s", unsent=unsent) from error
        except (urllib3.exceptions.HTTPError, OSError, UnicodeError) as error:
            raise HttpError(Failure.UNREACHABLE, system_words(error)) from error

    def close(self) -> None:
        """Close every open connection."""
        for manager in self._managers.values():
            manager.clear()

    def _manager(self, url: str) -> urllib3.PoolManager:
        proxy = self._proxy(url)
        if proxy not in self._managers:
            self._managers[proxy] = urllib3.ProxyManager(str(proxy), **self._options)
        return self._managers[proxy]

    def _read(self, answer: urllib3.BaseHTTPResponse, most_bytes: int) -> bytes:
        """The body, within the time for one answer: a server may send byte after byte forever."""
        end = time.monotonic() + self.timeout
        body = b""
        while len(body) <= most_bytes and (part := answer.read1(_CHUNK)):
            body += part
            if time.monotonic() > end:
                raise TimeoutError("it takes too long")
        return body


def retry_pause(headers: Mapping[str, str], attempt: int, *, first: float, longest: float) -> float:
    """Seconds before the next attempt (counted from 0): what the server requests, else doubled with each."""
    wanted = headers.get("Retry-After", "")
    return min(float(wanted) if wanted.isdecimal() else first * 2**attempt, longest)


def tls_context(
    authority: bytes | None = None,
    certificate: bytes | None = None,
    key: bytes | None = None,
    *,
    insecure: bool = False,
) -> ssl.SSLContext:
    """How to trust a server, and what to show it; all PEM. Raises ssl.SSLError or ValueError for anything else."""
    context = ssl.create_default_context(cadata=authority.decode("ascii", "replace") if authority else None)
    # Cluster authorities made by kubeadm and kind lack key usage extensions that Python 3.13 requests.
    context.verify_flags &= ~getattr(ssl, "VERIFY_X509_STRICT", 0)
    if insecure:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)  # it was requested
    if certificate:
        _present(context, certificate, key or b"")
    return context


def _present(context: ssl.SSLContext, certificate: bytes, key: bytes) -> None:
    """OpenSSL takes client certificates from files only; these live for this call, readable by us alone."""
    with tempfile.TemporaryDirectory(prefix="blueprint-") as folder:
        chain = Path(folder) / "client.pem"
        chain.touch(mode=0o600)
        chain.write_bytes(certificate.rstrip() + b"\n" + key)
        context.load_cert_chain(chain)
