"""Raw HTTP to one API server: JSON in, JSON out, typed errors, and a timeout for every request.

Raw HTTP is several times faster than typed clients, and managedFields and the exact bytes matter here. Threads may
share a connection.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode, urlsplit

import orjson

from blueprint.apiserver.errors import ApiError, error_from
from blueprint.apiserver.kubeconfig import Endpoint
from blueprint.http import Failure, HttpClient, HttpError, Response, retry_pause, tls_context

POOL_SIZE = 8
"""The number of connections kept open, and the maximum useful number of threads per connection."""

PAGE = 500
"""Objects per page of a LIST request."""

METADATA = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
"""The Accept header for a LIST of metadata only."""

_READ_ATTEMPTS = 4
_FIRST_PAUSE, _LONGEST_PAUSE = 0.2, 10.0
_REASONS = {Failure.TLS: "TLS", Failure.UNREACHABLE: "Unreachable", Failure.TIMEOUT: "Timeout"}
_OUTAGE, _LONGEST_LOOK = 20.0, 2.0
"""How long to wait, in seconds, for a server that responded before, and the maximum pause between two attempts."""
APPLY = "application/apply-patch+yaml"
MERGE = "application/merge-patch+json"


class Connection:
    """A connection to a cluster that responds.

    Attributes:
        context: Its name in the kubeconfig, or `in-cluster`.
        timeout: The timeout of one request in seconds, also for waiting while the server is overloaded.
        version: The server's version, such as `v1.36.3`; empty before `connect` has read it.
    """

    def __init__(self, endpoint: Endpoint, context: str, timeout: float = 30.0) -> None:
        self.endpoint = endpoint
        self.context = context
        self.timeout = timeout
        self.version = ""
        self._authorization = endpoint.authorization
        self._renewal = threading.Lock()
        self._answered = False
        self._gone_since: float | None = None
        self._http = _client(endpoint, timeout)
        local = urlsplit(endpoint.server).hostname in {"127.0.0.1", "localhost", "::1"}
        self._encoding = "identity" if local else "gzip"

    def get(self, path: str, accept: str = "application/json") -> Any:
        """The parsed response to a GET request. Raises ApiError."""
        return self.request("GET", path, accept=accept)

    def list(self, path: str, selector: str = "") -> list[dict[str, Any]]:
        """All items of a collection, read in pages. An expired continue token restarts the list. Raises ApiError.

        Items of a LIST have no apiVersion and kind, so they are added from the list's kind.
        """
        for _ in range(_READ_ATTEMPTS):
            try:
                return list(self._pages(path, selector))
            except ApiError as error:
                if error.status != HTTPStatus.GONE:
                    raise
        raise ApiError(HTTPStatus.GONE, "Expired", "the collection changes faster than it can be read", request=path)

    def _pages(self, path: str, selector: str) -> Iterator[dict[str, Any]]:
        query = {"limit": str(PAGE)} | ({"labelSelector": selector} if selector else {})
        while True:
            page = self.request("GET", path, query=query)
            kind = str(page.get("kind", "")).removesuffix("List")
            for item in page.get("items") or ():
                item.setdefault("apiVersion", page.get("apiVersion"))
                item.setdefault("kind", kind)
                yield item
            if not (token := page.get("metadata", {}).get("continue")):
                return
            query["continue"] = token

    def apply(
        self, path: str, body: Mapping[str, Any], manager: str, *, force: bool = False, dry_run: bool = False
    ) -> tuple[dict[str, Any], bool]:
        """Apply an object server-side. Return the resulting object, and whether this request created it."""
        query = {"fieldManager": manager, "force": "true" if force else "false"}
        if dry_run:
            query["dryRun"] = "All"
        status, answer = self._exchange("PATCH", path, body, query=query, content_type=APPLY)
        return answer, status == HTTPStatus.CREATED

    def patch(self, path: str, body: Any, manager: str, content_type: str = MERGE) -> Any:
        """Send a patch of another type, with our field manager. Never retried automatically."""
        return self.request("PATCH", path, body, query={"fieldManager": manager}, content_type=content_type)

    def post(self, path: str, body: Mapping[str, Any], manager: str, *, dry_run: bool = False) -> Any:
        """Create an object that must not exist yet."""
        query = {"fieldManager": manager} | ({"dryRun": "All"} if dry_run else {})
        return self.request("POST", path, body, query=query)

    def put(self, path: str, body: Mapping[str, Any], manager: str) -> Any:
        """Replace an object. A resourceVersion in the body makes this conditional on that version."""
        return self.request("PUT", path, body, query={"fieldManager": manager})

    def delete(self, path: str, uid: str | None = None) -> Any:
        """Delete an object, if it still has this uid. Its dependents are deleted too, even for kinds that orphan them
        by default.
        """
        options: dict[str, Any] = {"apiVersion": "v1", "kind": "DeleteOptions", "propagationPolicy": "Background"}
        if uid:
            options["preconditions"] = {"uid": uid}
        return self.request("DELETE", path, options)

    def request(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        query: Mapping[str, str] | None = None,
        content_type: str = "application/json",
        accept: str = "application/json",
    ) -> Any:
        """Send one request and parse the response. Waits if the server is overloaded (429) or briefly unavailable.

        Requests without side effects (reads, dry runs) are also retried after 503 and a lost connection. A write is
        never retried once it was sent: the caller has to read the object first.

        Raises:
            ApiError: any response with status 400 or higher, or no response (`status` 0).
        """
        return self._exchange(method, path, body, query=query, content_type=content_type, accept=accept)[1]

    def _exchange(
        self,
        method: str,
        path: str,
        body: Any,
        *,
        query: Mapping[str, str] | None,
        content_type: str,
        accept: str = "application/json",
    ) -> tuple[int, Any]:
        url = f"{self.endpoint.server}{path}" + (f"?{urlencode(query)}" if query else "")
        headers = {"Accept": accept, "Accept-Encoding": self._encoding}
        data = None if body is None else orjson.dumps(body)
        if data is not None:
            headers["Content-Type"] = content_type
        request_line = f"{method} {path}"
        harmless = method == "GET" or "dryRun" in (query or {})
        give_up = time.monotonic() + max(self.timeout, _OUTAGE if self._answered else 0.0)
        attempt = 0
        while True:
            attempt += 1
            try:
                response = self._send(method, url, data, headers, request_line)
                self._answered, self._gone_since = True, None
                if response.status < HTTPStatus.BAD_REQUEST:
                    return response.status, _parsed(response, request_line)
                error = error_from(response.status, response.body, request_line)
                pause = retry_pause(response.headers, attempt, first=_FIRST_PAUSE, longest=_LONGEST_PAUSE)
            except ApiError as lost:
                error, pause = lost, min(_FIRST_PAUSE * 2 ** (attempt - 1), _LONGEST_LOOK)
                self._gone_since = self._gone_since or time.monotonic()
            may = self._may_wait(error, attempt) if error.status == 0 else _may_repeat(error, attempt, harmless)
            if not may or not (harmless or error.unsent or error.status) or time.monotonic() + pause > give_up:
                raise error
            time.sleep(pause)

    def _may_wait(self, error: ApiError, attempt: int) -> bool:
        """Whether to keep waiting for a server that does not respond. All requests share one limit per outage."""
        if self._answered and error.reason != "TLS":
            return time.monotonic() - (self._gone_since or 0.0) < _OUTAGE
        return attempt < _READ_ATTEMPTS

    def _send(self, method: str, url: str, data: bytes | None, headers: dict[str, str], request_line: str) -> Response:
        used = self._authorization
        response = self._once(method, url, data, self._signed(headers), request_line)
        if response.status == HTTPStatus.UNAUTHORIZED and self.endpoint.renew is not None:
            with self._renewal:
                if self._authorization == used:
                    self._authorization = self.endpoint.renew()
            response = self._once(method, url, data, self._signed(headers), request_line)
        return response

    def _signed(self, headers: dict[str, str]) -> dict[str, str]:
        return headers | ({"Authorization": self._authorization} if self._authorization else {})

    def _once(self, method: str, url: str, data: bytes | None, headers: dict[str, str], request: str) -> Response:
        try:
            return self._http.send(method, url, headers, data)
        except HttpError as error:
            raise ApiError(0, _REASONS[error.failure], error.text, request=request, unsent=error.unsent) from error

    def close(self) -> None:
        """Close all open connections."""
        self._http.close()


def _parsed(response: Response, request_line: str) -> Any:
    try:
        return orjson.loads(response.body)
    except orjson.JSONDecodeError:
        text = "the response is not JSON"
        raise ApiError(response.status, "NotJSON", text, request=request_line) from None


def _may_repeat(error: ApiError, attempt: int, harmless: bool) -> bool:  # noqa: FBT001 - one fact
    """Whether to retry. 429 means that nothing was done; after any other error, only requests without side effects are
    retried.
    """
    if error.status == HTTPStatus.TOO_MANY_REQUESTS:
        return True
    return harmless and attempt < _READ_ATTEMPTS and error.status == HTTPStatus.SERVICE_UNAVAILABLE


def _client(endpoint: Endpoint, timeout: float) -> HttpClient:
    """Create the HTTP client. Raises ssl.SSLError or ValueError for invalid certificates."""
    place = endpoint
    secure = place.server.startswith("https:")
    return HttpClient(
        timeout,
        connections=POOL_SIZE,
        proxy=lambda _url: place.proxy,
        tls=tls_context(place.ca, place.certificate, place.key, insecure=place.insecure) if secure else None,
        server_name=place.server_name if secure else None,
    )
