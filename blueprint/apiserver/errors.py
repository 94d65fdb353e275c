"""What the API server answers when it does not do what was asked, as a typed error."""

from __future__ import annotations

import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import orjson

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
"""In a 500: what was sent is wrong."""

_AUTHORIZER = re.compile(r'\bUser ".*" cannot \S+ (resource|path) ')
"""In a 403: the user, not the object, is what was refused (`forbiddenMessage` of k8s.io/apiserver)."""

_QUOTED = 200
"""Characters of a strange answer that are repeated to people."""


class Cause(Record):
    """One entry of `details.causes` of a Status: its reason, its text and the field it is about."""

    reason: str
    message: str
    field: str


class ApiError(Exception):
    """An answer of 400 or more, or none at all (`status` 0: connection lost or timed out).

    Attributes:
        status: HTTP status code; 0 where no answer came.
        reason: Kubernetes' reason (`NotFound`, `Conflict`, ...); empty where the body is no Status.
        message: The server's text, or what the operating system said.
        causes: Details, such as one `FieldManagerConflict` per field.
        request: Method and path, for people.
        unsent: Whether the request never left: nobody took the connection.
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
        """The fields that other managers own, if that is why it failed."""
        return tuple(c for c in self.causes if c.reason == "FieldManagerConflict")

    @property
    def missing(self) -> bool:
        """Whether the object, its namespace or its kind is not there."""
        return self.status == HTTPStatus.NOT_FOUND

    @property
    def forbidden(self) -> bool:
        """Whether this user may not do that: a role would allow it. An admission plugin says 403 as well."""
        return self.status == HTTPStatus.FORBIDDEN and not self._is_admission

    @property
    def over_quota(self) -> bool:
        """Whether a ResourceQuota is used up."""
        return self.status == HTTPStatus.FORBIDDEN and "exceeded quota:" in self.message

    @property
    def _is_admission(self) -> bool:
        """Reads are not admitted, only authorized; and what the authorizer says of a write has one form."""
        is_status, is_read = bool(self.reason), self.request.startswith("GET ")
        return is_status and not is_read and _AUTHORIZER.search(self.message) is None

    @property
    def unauthenticated(self) -> bool:
        """Whether the server does not know us (any more)."""
        return self.status == HTTPStatus.UNAUTHORIZED

    @property
    def invalid(self) -> bool:
        """Whether a rule of the kind refuses the content."""
        return self.status == HTTPStatus.UNPROCESSABLE_ENTITY

    @property
    def by_validation(self) -> bool:
        """Whether the rules of the kind itself refuse the content, and say which fields.

        Policies and webhooks may answer 422 as well. A policy names no field; a webhook may, so the words that the
        API server puts before its answer tell it apart.
        """
        named = bool(self.causes) and all(cause.field for cause in self.causes)
        return self.invalid and named and not self.message.startswith("admission webhook")

    @property
    def no_dry_run(self) -> bool:
        """Whether a webhook with side effects keeps the server from trying; does not mention the object."""
        return self.status == HTTPStatus.BAD_REQUEST and "support dry run" in self.message

    @property
    def stale(self) -> bool:
        """Whether it is somebody else's turn: another version, another uid, or it exists already."""
        return self.status == HTTPStatus.CONFLICT and not self.conflicts

    @property
    def namespace_missing(self) -> bool:
        """Whether the namespace, not the object, is what was not found."""
        return self.missing and self.message.startswith("namespaces ")

    @property
    def kind_missing(self) -> bool:
        """A plain-text 404: the path itself is not served (yet)."""
        return self.missing and not self.reason

    @property
    def uncertain(self) -> bool:
        """Whether nobody knows if the request was carried out: the answer was lost, or says that time ran out."""
        return self.transient and not self.unsent and self.status != HTTPStatus.TOO_MANY_REQUESTS

    @property
    def fatal(self) -> bool:
        """Whether no other request would do better: the server is gone, or does not know us any more."""
        return self.unauthenticated or self.status == 0

    @property
    def transient(self) -> bool:
        """Whether the same request may succeed later: overload, a webhook that is down, etcd, the network.

        For wrong types, unknown fields and values that cannot be converted the server says 500 too, without a
        reason; those are permanent, and only the text tells.
        """
        if self.status == HTTPStatus.INTERNAL_SERVER_ERROR:
            return not any(phrase in self.message for phrase in _OURS)
        return self.status in _TRANSIENT


def error_from(status: int, body: bytes, request: str) -> ApiError:
    """The error that a response says; a body that is no Status becomes its text, shortened."""
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
