"""What is confidential: which objects are Secrets, which of their fields hold secret values, what is shown instead."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
"""The annotation in which `kubectl apply` keeps a copy of the whole manifest, secret values included."""

_OPEN_FIELDS = frozenset({"apiVersion", "kind", "metadata", "type", "immutable"})
_MAY_HOLD_A_COPY = ((), ("metadata",), ("metadata", "annotations"))


class Redacted(str):
    """A text that stands for a secret value."""

    __slots__ = ()


HIDDEN = Redacted("(hidden)")
HIDDEN_DIFFERENT = Redacted("(hidden, another one)")
"""A hidden value that differs from the one shown as HIDDEN beside it."""
HIDDEN_FROM_SERVER = Redacted("(not shown: it belongs to a Secret)")
"""Stands for a message of the API server about a Secret, which may quote the value that it refuses."""
MARKERS = frozenset({HIDDEN, HIDDEN_DIFFERENT, HIDDEN_FROM_SERVER})


def is_secret(group: str, kind: str) -> bool:
    """Whether objects of this group and kind are Secrets."""
    return kind == "Secret" and not group


def is_secret_manifest(manifest: Mapping[str, Any]) -> bool:
    """Whether a manifest is a Secret; of a manifest without apiVersion the kind decides."""
    return is_secret(str(manifest.get("apiVersion", "")).rpartition("/")[0], str(manifest.get("kind")))


def is_secret_subject(subject: str) -> bool:
    """Whether a diagnostic's subject, `Kind/[namespace/]name`, may be a Secret. It does not name the group."""
    return subject.partition("/")[0] == "Secret"


def is_confidential(path: Sequence[str | int]) -> bool:
    """Whether what stands at this path of a Secret is, or may contain, a secret value."""
    path = tuple(path)
    return path in _MAY_HOLD_A_COPY or path[0] not in _OPEN_FIELDS or LAST_APPLIED in path


def is_confidential_field(field: str) -> bool:
    """The same for a field as it is written: `data.password`, `.data["a.b"]`. The whole object is the empty text."""
    steps = [step for step in re.split(r"[.\[]", field, maxsplit=3) if step]
    return LAST_APPLIED in field or is_confidential(steps if len(steps) < 3 else steps[:3])  # noqa: PLR2004
