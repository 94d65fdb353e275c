"""Typed errors for failed requests to the API server."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import orjson

from blueprint.patterns import lazy_pattern
from blueprint.records import Record

_TRANSIENT = {
    0,
    HTTPStatus.REQUEST_TIMEOUT,
    HTTPStatus.TOO_MANY_REQUESTS,
    HTTPStatus.BAD_GATEWAY,
    HTTPStatus.SERVICE_UNAVAILABLE,
    HTTPStatus.GATEWAY_TIMEOUT,
}
_OURS = ("typed patch object", "failed to convert new object", "unable to convert", "unable to decode")
"""Messages in a 500 response that mean that the request was invalid."""

_AUTHORIZER = lazy_pattern(r'\bUser ".*" cannot \S+ (resource|path) ')
"""In a 403 response: the user was rejected, not the object (`forbiddenMessage` of k8s.io/apiserver)."""

_QUOTED = 200
"""The number of characters of an unexpected response that are shown to users."""


class Cause(Record):
    """One entry in `details.causes` of a Status: its reason, message and field."""

    reason: str
    message: str
    field: str


class ApiError(Exception):
    """A response with status 400 or higher, or no response (`status` 0: connection lost or timed out).

    Attributes:
        status: HTTP status code; 0 without a response.
        reason: Kubernetes' reason (`NotFound`, `Conflict`, ...); empty if the body is not a Status.
        message: The message from the server or the operating system.
        causes: Details, such as one `FieldManagerConflict` per field.
        request: Method and path, for messages.
        unsent: Whether the request was never sent, because the connection was refused.
    """

    def __init__(
        self,
        status: int,
        reason: str,
        message: str,
        causes: tuple[Cause, ...] = (),
        request: str = "",
        *,
        unsent: bool = False,
    ) -> None:
        super().__init__(f"{status} {reason}: {message}" if status else message)
        self.status = status
        self.reason = reason
        self.message = message
        self.causes = causes
        self.request = request
        self.unsent = unsent

    @property
    def conflicts(self) -> tuple[Cause, ...]:
        """The fields that other field managers own, if they caused the error."""
        return tuple(c for c in self.causes if c.reason == "FieldManagerConflict")

    @property
    def missing(self) -> bool:
        """Whether the object, its namespace or its kind does not exist."""
        return self.status == HTTPStatus.NOT_FOUND

    @property
    def forbidden(self) -> bool:
        """Whether the user lacks permission, which a role could grant. Admission plugins also respond with 403."""
        return self.status == HTTPStatus.FORBIDDEN and not self._is_admission

    @property
    def over_quota(self) -> bool:
        """Whether a ResourceQuota is exhausted."""
        return self.status == HTTPStatus.FORBIDDEN and "exceeded quota:" in self.message

    @property
    def _is_admission(self) -> bool:
        """Whether admission rejected the request. Reads are only authorized, and the authorizer's message for writes
        has a fixed form.
        """
        is_status, is_read = bool(self.reason), self.request.startswith("GET ")
        return is_status and not is_read and _AUTHORIZER.search(self.message) is None

    @property
    def unauthenticated(self) -> bool:
        """Whether the server does not accept the credentials, or accepts them no longer."""
        return self.status == HTTPStatus.UNAUTHORIZED

    @property
    def invalid(self) -> bool:
        """Whether validation of the kind rejects the content."""
        return self.status == HTTPStatus.UNPROCESSABLE_ENTITY

    @property
    def by_validation(self) -> bool:
        """Whether validation of the kind itself rejects the content, and reports the fields.

        Policies and webhooks can respond with 422 too. A policy reports no field. A webhook may, so the prefix that the
        API server adds to its message distinguishes the two.
        """
        named = bool(self.causes) and all(cause.field for cause in self.causes)
        return self.invalid and named and not self.message.startswith("admission webhook")

    @property
    def no_dry_run(self) -> bool:
        """Whether a webhook with side effects prevents a dry run. This does not depend on the object."""
        return self.status == HTTPStatus.BAD_REQUEST and "support dry run" in self.message

    @property
    def stale(self) -> bool:
        """Whether the object has changed in the meantime: it has another version or uid, or already exists."""
        return self.status == HTTPStatus.CONFLICT and not self.conflicts

    @property
    def namespace_missing(self) -> bool:
        """Whether the namespace, not the object, was not found."""
        return self.missing and self.message.startswith("namespaces ")

    @property
    def kind_missing(self) -> bool:
        """Whether this is a plain-text 404: the path is not served, or not yet."""
        return self.missing and not self.reason

    @property
    def uncertain(self) -> bool:
        """Whether it is unknown if the request was carried out: the response was lost, or reports a timeout."""
        return self.transient and not self.unsent and self.status != HTTPStatus.TOO_MANY_REQUESTS

    @property
    def fatal(self) -> bool:
        """Whether no other request would succeed either: the server is unavailable, or no longer accepts the
        credentials.
        """
        return self.unauthenticated or self.status == 0

    @property
    def transient(self) -> bool:
        """Whether the same request may succeed later: overload, an unavailable webhook, etcd, the network.

        The server also responds with 500, without a reason, to wrong types, unknown fields and values that cannot be
        converted. Those errors are permanent, and only the message distinguishes them.
        """
        if self.status == HTTPStatus.INTERNAL_SERVER_ERROR:
            return not any(phrase in self.message for phrase in _OURS)
        return self.status in _TRANSIENT


def error_from(status: int, body: bytes, request: str) -> ApiError:
    """The error for a response. A body that is not a Status becomes its message, truncated."""
    try:
        status_object: Any = orjson.loads(body)
    except orjson.JSONDecodeError:
        status_object = None
    if not isinstance(status_object, Mapping) or status_object.get("kind") != "Status":
        return ApiError(status, "", _short(body), request=request)
    details = status_object.get("details")
    causes = details.get("causes") if isinstance(details, Mapping) else None
    return ApiError(
        status,
        str(status_object.get("reason") or ""),
        str(status_object.get("message") or "no message"),
        tuple(_cause(c) for c in causes or () if isinstance(c, Mapping)),
        request,
    )


def _cause(cause: Mapping[str, Any]) -> Cause:
    return Cause(str(cause.get("reason") or ""), str(cause.get("message") or ""), str(cause.get("field") or ""))


def _short(body: bytes) -> str:
    text = " ".join(body.decode("utf-8", "replace").split())
    return text[:_QUOTED] + ("…" if len(text) > _QUOTED else "") or "an empty answer"
