"""Raw HTTP to one API server: JSON in, JSON out, errors typed, every request with a time limit.

Raw because it is several times faster than typed clients, and because managedFields and the exact bytes matter
here. Threads may share a connection.
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
"""Connections kept open; also the most threads that are useful on one connection."""

PAGE = 500
"""Objects per page of a LIST."""

METADATA = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
"""To accept: a LIST without what the objects say."""

_READ_ATTEMPTS = 4
_FIRST_PAUSE, _LONGEST_PAUSE = 0.2, 10.0
_REASONS = {Failure.TLS: "TLS", Failure.UNREACHABLE: "Unreachable", Failure.TIMEOUT: "Timeout"}
_OUTAGE, _LONGEST_LOOK = 20.0, 2.0
"""Seconds that a server which did answer before is waited for, and most seconds between two looks."""
APPLY = "application/apply-patch+yaml"
MERGE = "application/merge-patch+json"


class Connection:
    """A cluster that answers.

    Attributes:
        context: The kubeconfig's name for it, or `in-cluster`.
        timeout: Seconds that one request may take, and that overload is waited out.
        version: The server's version, such as `v1.36.3`; empty before `connect` asked.
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
        """The parsed answer to a GET. Raises ApiError."""
        return self.request("GET", path, accept=accept)

    def list(self, path: str, selector: str = "") -> list[dict[str, Any]]:
        """Every item at a collection, in pages; an expired page token starts anew. Raises ApiError.

        Items of a LIST have no apiVersion and kind of their own; they are filled in from the list's.
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
        """Server-side apply. Gives the object as it is afterwards and whether it was created by this request."""
        query = {"fieldManager": manager, "force": "true" if force else "false"}
        if dry_run:
            query["dryRun"] = "All"
        status, answer = self._exchange("PATCH", path, body, query=query, content_type=APPLY)
        return answer, status == HTTPStatus.CREATED

    def patch(self, path: str, body: Any, manager: str, content_type: str = MERGE) -> Any:
        """A patch of another type, under our manager's name. Never repeated by itself."""
        return self.request("PATCH", path, body, query={"fieldManager": manager}, content_type=content_type)

    def post(self, path: str, body: Mapping[str, Any], manager: str, *, dry_run: bool = False) -> Any:
        """Create an object that must not exist yet."""
        query = {"fieldManager": manager} | ({"dryRun": "All"} if dry_run else {})
        return self.request("POST", path, body, query=query)

    def put(self, path: str, body: Mapping[str, Any], manager: str) -> Any:
        """Replace an object; with a resourceVersion in the body only if it is still that version."""
        return self.request("PUT", path, body, query={"fieldManager": manager})

    def delete(self, path: str, uid: str | None = None) -> Any:
        """Delete an object, if it still has this uid. What it owns goes with it; some kinds would leave that behind."""
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
        """One request, parsed. Overload (429) is waited out, and so is a server that is gone for some seconds.

        What has no effects (reads, dry-runs) also survives 503 and a lost connection. A write is never repeated once it
        was sent: the caller has to read the object first.

        Raises:
            ApiError: any answer of 400 or more, or no answer (`status` 0).
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
        """Whether a server that does not answer is still waited for. All requests together wait for one outage."""
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
        """Close every open connection."""
        self._http.close()


def _parsed(response: Response, request_line: str) -> Any:
    try:
        return orjson.loads(response.body)
    except orjson.JSONDecodeError:
        text = "the response is not JSON"
        raise ApiError(response.status, "NotJSON", text, request=request_line) from None


def _may_repeat(error: ApiError, attempt: int, harmless: bool) -> bool:  # noqa: FBT001 - one fact
    """429 means that nothing was done; of anything else only a request without effects is repeated."""
    if error.status == HTTPStatus.TOO_MANY_REQUESTS:
        return True
    return harmless and attempt < _READ_ATTEMPTS and error.status == HTTPStatus.SERVICE_UNAVAILABLE


def _client(endpoint: Endpoint, timeout: float) -> HttpClient:
    """Raises ssl.SSLError or ValueError for certificates that are no certificates."""
    place = endpoint
    secure = place.server.startswith("https:")
    return HttpClient(
        timeout,
        connections=POOL_SIZE,
        proxy=lambda _url: place.proxy,
        tls=tls_context(place.ca, place.certificate, place.key, insecure=place.insecure) if secure else None,
        server_name=place.server_name if secure else None,
    )
