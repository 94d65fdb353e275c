"""Names and marks that identify the objects of a blueprint in a cluster.

The inventory is an ApplySet parent as defined in KEP-3659: a ConfigMap `blueprint-NAME` in the namespace
`gpublueprint-system`, whose members are labelled with its id. It is a ConfigMap rather than a Secret, because it
contains no confidential values, and drift detection should not need permission to read Secrets.

An object is ours only if the inventory *and* the live object's label and field manager agree; none of them is
sufficient.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

from blueprint.apiserver.managed_fields import own_entry
from blueprint.bundle.model import ObjectId

NAMESPACE = "gpublueprint-system"
"""The namespace of the inventories of all blueprints in a cluster."""

PART_OF = "applyset.kubernetes.io/part-of"
"""The label of all members; its value is the id of the inventory."""

ID_LABEL = "applyset.kubernetes.io/id"
TOOLING = "applyset.kubernetes.io/tooling"
GROUP_KINDS = "applyset.kubernetes.io/contains-group-kinds"
NAMESPACES = "applyset.kubernetes.io/additional-namespaces"


def manager(blueprint: str) -> str:
    """The field manager of a blueprint. Clusters depend on it, so it never changes."""
    return f"blueprint:{blueprint}"


def parent_name(blueprint: str) -> str:
    """The name of the inventory."""
    return f"blueprint-{blueprint}"


def applyset_id(blueprint: str) -> str:
    """The id of the inventory, computed from name, namespace, kind and group of the parent, as in KEP-3659."""
    seed = f"{parent_name(blueprint)}.{NAMESPACE}.ConfigMap."
    hashed = base64.urlsafe_b64encode(hashlib.sha256(seed.encode()).digest()).decode().rstrip("=")
    return f"applyset-{hashed}-v1"


def as_member(data: Mapping[str, Any], blueprint: str) -> dict[str, Any]:
    """The object with the membership label: what is actually applied."""
    meta = data["metadata"]
    labels = {**(meta.get("labels") or {}), PART_OF: applyset_id(blueprint)}
    return {**data, "metadata": {**meta, "labels": labels}}


def is_member(live: Mapping[str, Any], blueprint: str) -> bool:
    """Whether a live object has our label or our field manager."""
    labels = live["metadata"].get("labels") or {}
    return labels.get(PART_OF) == applyset_id(blueprint) or own_entry(live, manager(blueprint)) is not None


def group_kinds(ids: Iterable[ObjectId]) -> str:
    """The annotation that lists the kinds to search: `ClusterRole.rbac.authorization.k8s.io,ConfigMap`."""
    return ",".join(sorted({f"{i.kind}.{i.group}" if i.group else i.kind for i in ids}))


def namespaces(ids: Iterable[ObjectId]) -> str:
    """The annotation that lists the namespaces to search, without the parent's own."""
    return ",".join(sorted({i.namespace for i in ids} - {"", NAMESPACE}))
