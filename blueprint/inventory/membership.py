"""Names and marks by which a cluster tells what belongs to a blueprint.

The inventory is an ApplySet parent as KEP-3659 defines it: a ConfigMap `blueprint-NAME` in the namespace
`gpublueprint-system`, its members labelled with its id. A ConfigMap rather than a Secret, because it holds no
confidential value, and reading drift should not need the right to read Secrets.

What belongs to us is what the inventory *and* the live object's label and field manager say; none alone.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

from blueprint.apiserver.managed_fields import own_entry
from blueprint.bundle.model import ObjectId

NAMESPACE = "gpublueprint-system"
"""Where the records of all blueprints in a cluster are."""

PART_OF = "applyset.kubernetes.io/part-of"
"""The label that every member carries; its value is the id of the record."""

ID_LABEL = "applyset.kubernetes.io/id"
TOOLING = "applyset.kubernetes.io/tooling"
GROUP_KINDS = "applyset.kubernetes.io/contains-group-kinds"
NAMESPACES = "applyset.kubernetes.io/additional-namespaces"


def manager(blueprint: str) -> str:
    """The field manager of a blueprint. Part of the contract with clusters: it never changes."""
    return f"blueprint:{blueprint}"


def parent_name(blueprint: str) -> str:
    """The name of the record."""
    return f"blueprint-{blueprint}"


def applyset_id(blueprint: str) -> str:
    """The id of the record as KEP-3659 computes it: from name, namespace, kind and group of the parent."""
    seed = f"{parent_name(blueprint)}.{NAMESPACE}.ConfigMap."
    hashed = base64.urlsafe_b64encode(hashlib.sha256(seed.encode()).digest()).decode().rstrip("=")
    return f"applyset-{hashed}-v1"


def as_member(data: Mapping[str, Any], blueprint: str) -> dict[str, Any]:
    """The object with the label that makes it a member: what is really applied."""
    meta = data["metadata"]
    labels = {**(meta.get("labels") or {}), PART_OF: applyset_id(blueprint)}
    return {**data, "metadata": {**meta, "labels": labels}}


def is_member(live: Mapping[str, Any], blueprint: str) -> bool:
    """Whether a live object says by label or by field manager that it is ours."""
    labels = live["metadata"].get("labels") or {}
    return labels.get(PART_OF) == applyset_id(blueprint) or own_entry(live, manager(blueprint)) is not None


def group_kinds(ids: Iterable[ObjectId]) -> str:
    """The annotation that tells which kinds to look for: `ClusterRole.rbac.authorization.k8s.io,ConfigMap`."""
    return ",".join(sorted({f"{i.kind}.{i.group}" if i.group else i.kind for i in ids}))


def namespaces(ids: Iterable[ObjectId]) -> str:
    """The annotation that tells which namespaces to look in, the parent's own left out."""
    return ",".join(sorted({i.namespace for i in ids} - {"", NAMESPACE}))
