"""The diagnostics of plan and apply: why an object cannot be written, with the relevant blueprint line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson

from blueprint.apiserver.codes import FORBIDDEN, SERVER_FAILING
from blueprint.apiserver.errors import ApiError
from blueprint.bundle.model import FieldOrigin, Object, ObjectId
from blueprint.changes.compare import ABSENT
from blueprint.cluster import codes
from blueprint.cluster.plan_model import FieldConflict
from blueprint.cluster.server_paths import field_of_type_error, follow
from blueprint.diagnostics import Code, Diagnostic, Note, Severity, Span
from blueprint.redaction.secrets import HIDDEN_FROM_SERVER, is_confidential, is_secret
from blueprint.source.paths import format_path
from blueprint.wording import joined

_NAMED = 3
"""The maximum number of objects that are named if many have the same problem."""


def conflict(subject: ObjectId, found: FieldConflict, data: Any, *, taken: bool = False) -> Diagnostic:
    """A field that another manager owns: an error, or a note once it was taken over."""
    path = found.spelt[0] if found.spelt else format_path(found.path, data)
    hidden = is_secret(subject.group, subject.kind) and is_confidential(found.path)
    live, declared = (HIDDEN_FROM_SERVER if hidden else _as_text(value) for value in (found.live, found.declared))
    text = f"which {'had' if taken else 'has'} {live}"
    if not found.in_the_way:
        text = f"{text}, but the blueprint declares {declared}"
    elif taken:
        text = f"{text}; it conflicted with the declared fields, and was removed"
    else:
        text = f"{text}; it is not declared, and the declared fields cannot be written alongside it"
    scope = f"--force-conflicts={subject}" + (f":{path}" if path else "")
    return Diagnostic(
        code(found, taken=taken),
        f"{path} of {subject} {'was taken over from' if taken else 'belongs to'} {found.owner}, {text}",
        at=place(found.origin),
        notes=template_note(found.origin),
        help=None if taken else _way_out(found, scope),
        subject=str(subject),
        path=path,
        evidence=(
            ("declared", declared),
            ("live", live),
            ("manager", found.owner.manager),
            ("operation", found.owner.operation),
            *((("subresource", found.owner.subresource),) if found.owner.subresource else ()),
            ("since", found.owner.time or "unknown"),
        ),
    )


def code(found: FieldConflict, *, taken: bool) -> Code:
    """The code under which a contested field is reported."""
    if taken:
        return codes.TAKEN_OVER
    return codes.IN_THE_WAY if found.in_the_way else codes.CONFLICT


def _way_out(found: FieldConflict, scope: str) -> str:
    if found.in_the_way:
        return f"declare it, or remove it with `blueprint apply {scope}`"
    return f"stop that writer, declare its value, or take over the field with `blueprint apply {scope}`"


def needs_replacement(
    subject: ObjectId, detail: str, reason_never: str | None, lost: Sequence[str], origin: FieldOrigin | None
) -> Diagnostic:
    """An immutable field of an existing object, what replacing the object would lose, and how to allow it."""
    if reason_never:
        help_text = f"`apply` never replaces this object: {reason_never}"
    elif lost:
        borne = f"if that is acceptable, run `blueprint apply --replace={subject}`"
        help_text = f"a replacement loses {joined(lost)}; {borne}"
    else:
        help_text = "if that is acceptable, run `blueprint apply --replace`"
    detail = HIDDEN_FROM_SERVER if is_secret(subject.group, subject.kind) else detail
    text = f"{subject} must be deleted and recreated: {detail}"
    return Diagnostic(
        codes.NEEDS_REPLACEMENT,
        text,
        at=place(origin),
        help=help_text,
        subject=str(subject),
        evidence=tuple(("loses", each) for each in lost),
    )


def rejection(obj: Object, error: ApiError) -> Diagnostic:
    """An object that the server rejects permanently. Points at the line of the first field in the message."""
    spelt = [cause.field for cause in error.causes if cause.field]
    if typed := field_of_type_error(error.message):
        spelt.append(typed)
    path = follow(spelt[0], obj.data) if spelt else ()
    origin = obj.origin(path)
    return Diagnostic(
        codes.REJECTED,
        f"the API server rejects {obj.id}: {_words(obj.id, error)}",
        at=place(origin) if path else None,
        notes=template_note(origin) if path else (),
        subject=str(obj.id),
        path=format_path(path, obj.data) if path else None,
        evidence=(("status", str(error.status)), ("reason", error.reason or "none given")),
    )


def trouble(obj: Object, error: ApiError) -> Diagnostic:
    """The diagnostic for any error response about one object: forbidden, temporary, or permanent."""
    if error.forbidden:
        return forbidden(obj.id, error)
    if error.over_quota:
        help_text = "free some of the quota or raise it, then apply again"
        return plain(codes.QUOTA_EXCEEDED, obj.id, f"{obj.id}: {error.message}", help_text)
    if error.transient:
        text = f"the API server, or a webhook that it calls, keeps failing for {obj.id}: {_words(obj.id, error)}"
        return plain(SERVER_FAILING, obj.id, text)
    return rejection(obj, error)


def unseen(subject: ObjectId, error: ApiError) -> Diagnostic:
    """An object that could not be examined."""
    if error.forbidden:
        return forbidden(subject, error)
    return plain(SERVER_FAILING, subject, f"{subject} cannot be examined: {error.message}")


def forbidden(subject: ObjectId, error: ApiError) -> Diagnostic:
    """A missing permission to read or write an object."""
    help_text = f"grant the permission with a role; `blueprint` requested {error.request.split('?')[0]}"
    return plain(FORBIDDEN, subject, f"{subject}: {error.message}", help_text)


def plain(
    code: Code,
    subject: ObjectId,
    text: str,
    help_text: str | None = None,
    *,
    origin: FieldOrigin | None = None,
    override: Severity | None = None,
) -> Diagnostic:
    """A finding about a whole object."""
    return Diagnostic(code, text, at=place(origin), help=help_text, subject=str(subject), override=override)


def counted(left: Sequence[ObjectId]) -> str:
    """The number of objects, and the names of the first ones."""
    names = ", ".join(map(str, left[:_NAMED])) + (", ..." if len(left) > _NAMED else "")
    detail = f" ({names})" if left else ""
    return f"1 object{detail} was" if len(left) == 1 else f"{len(left)} objects{detail} were"


def waiting(left: Sequence[ObjectId], need: ObjectId) -> Diagnostic:
    """Objects that were not written because they all need the same other object."""
    if len(left) == 1:
        return plain(codes.NOT_WRITTEN, left[0], f"{left[0]} was not written, because it needs {need}")
    return Diagnostic(codes.NOT_WRITTEN, f"{counted(left)} not written, because they need {need}", subject=str(need))


def place(origin: FieldOrigin | None) -> Span | None:
    """The span to show: the blueprint line (or that of its overlay) with the value, or else the template."""
    return origin.place if origin else None


def template_note(origin: FieldOrigin | None) -> tuple[Note, ...]:
    """The span of the template, unless it is already shown."""
    if origin is None or place(origin) == origin.template:
        return ()
    return (Note("rendered here", origin.template),)


def _words(subject: ObjectId, error: ApiError) -> str:
    """The server's message, which may quote the rejected value."""
    return HIDDEN_FROM_SERVER if is_secret(subject.group, subject.kind) else error.message


def _as_text(value: Any) -> str:
    if value is ABSENT:
        return "nothing"
    return orjson.dumps(value).decode()
