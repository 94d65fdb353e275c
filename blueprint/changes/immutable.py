"""Fields that cannot change on an existing object: from a table for Kubernetes' own kinds, from CRD rules for custom
resources.

For all other fields, the server decides.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from blueprint.bundle.model import ObjectId
from blueprint.changes.compare import ABSENT, Action, FieldChange, ObjectChange
from blueprint.kubernetes.crds import crds_of
from blueprint.kubernetes.kinds import find_kind
from blueprint.source.paths import format_path

_SAME = "self==oldSelf"


def immutable_fields(change: ObjectChange, release: str = "") -> tuple[FieldChange, ...]:
    """The changed fields of an object that the API server would reject as immutable."""
    group, kind = change.id.group, change.id.kind
    known = find_kind(group, kind, release).immutable
    ruled = custom_rules(group, kind) if "." in group else ()
    return tuple(field for field in change.fields if _is_under(field, known) or _is_ruled(field, ruled))


def as_replacement(change: ObjectChange, release: str = "") -> ObjectChange:
    """An update, converted to a replacement if it changes immutable fields."""
    fields = immutable_fields(change, release) if change.action is Action.UPDATE else ()
    if not fields:
        return change
    return ObjectChange(change.id, Action.REPLACE, change.fields, why(fields))


def why(fields: tuple[FieldChange, ...]) -> str:
    """The reason in words."""
    names = ", ".join(dict.fromkeys(field.shown for field in fields))
    return f"must be replaced, because {names} cannot change on an existing object"


def may_not_be_replaced(identity: ObjectId) -> str | None:
    """Why an object of this kind is never deleted and recreated; None if it may be."""
    return find_kind(identity.group, identity.kind).never_replaced


@cache
def custom_rules(group: str, kind: str) -> tuple[str, ...]:
    """The fields of a shipped custom resource with the rule `self == oldSelf`."""
    for crd in crds_of(group):
        if crd["spec"]["names"]["kind"] == kind:
            schemas = (version["schema"]["openAPIV3Schema"] for version in crd["spec"]["versions"])
            return tuple(dict.fromkeys(path for schema in schemas for path in _ruled(schema, "")))
    return ()


def _ruled(schema: Mapping[str, Any], at: str) -> Iterator[str]:
    rules = schema.get("x-kubernetes-validations", ())
    if at and any(rule["rule"].replace(" ", "") == _SAME for rule in rules):
        yield at
    for name, part in schema.get("properties", {}).items():
        yield from _ruled(part, f"{at}.{name}" if at else name)


def _is_under(field: FieldChange, names: tuple[str, ...]) -> bool:
    """Whether a field is below one of the names, or is a subtree that contains one of them."""
    path = format_path(field.path)
    return any(path == name or path.startswith((f"{name}.", f"{name}[")) for name in names)


def _is_ruled(field: FieldChange, names: tuple[str, ...]) -> bool:
    """Whether a rule applies. It compares two values, so the server does not evaluate it if the whole field is added or
    removed.
    """
    whole = format_path(field.path) in names
    return _is_under(field, names) and not (whole and (field.before is ABSENT or field.after is ABSENT))
