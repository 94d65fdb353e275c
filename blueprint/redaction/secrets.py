"""Defines what is confidential: which objects are Secrets, which of their fields contain secret values, and their
placeholders.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
"""The annotation in which `kubectl apply` stores a copy of the whole manifest, including secret values."""

_OPEN_FIELDS = frozenset({"apiVersion", "kind", "metadata", "type", "immutable"})
_MAY_HOLD_A_COPY = ((), ("metadata",), ("metadata", "annotations"))


class Redacted(str):
    """A placeholder for a secret value."""

    __slots__ = ()


HIDDEN = Redacted("(hidden)")
HIDDEN_DIFFERENT = Redacted("(hidden, another one)")
"""The placeholder for a value that differs from the adjacent one shown as HIDDEN."""
HIDDEN_FROM_SERVER = Redacted("(not shown: it belongs to a Secret)")
"""The placeholder for an API-server message about a Secret, which may quote the rejected value."""
MARKERS = frozenset({HIDDEN, HIDDEN_DIFFERENT, HIDDEN_FROM_SERVER})


def is_secret(group: str, kind: str) -> bool:
    """Whether objects of this group and kind are Secrets."""
    return kind == "Secret" and not group


def is_secret_manifest(manifest: Mapping[str, Any]) -> bool:
    """Whether a manifest is a Secret; without an apiVersion, the kind decides."""
    kind = str(manifest.get("kind"))
    return kind == "Secret" and is_secret(str(manifest.get("apiVersion", "")).rpartition("/")[0], kind)


def is_secret_subject(subject: str) -> bool:
    """Whether a diagnostic's subject, `Kind/[namespace/]name`, may be a Secret. It does not contain the group."""
    return subject.partition("/")[0] == "Secret"


def is_confidential(path: Sequence[str | int]) -> bool:
    """Whether the value at this path of a Secret is, or may contain, a secret value."""
    path = tuple(path)
    return path in _MAY_HOLD_A_COPY or path[0] not in _OPEN_FIELDS or LAST_APPLIED in path


def is_confidential_field(field: str) -> bool:
    """Whether the value at a path in readable form is confidential: `data.password`, `.data["a.b"]`. An empty string is
    the whole object.
    """
    steps = [step for step in re.split(r"[.\[]", field, maxsplit=3) if step]
    return LAST_APPLIED in field or is_confidential(steps if len(steps) < 3 else steps[:3])  # noqa: PLR2004
