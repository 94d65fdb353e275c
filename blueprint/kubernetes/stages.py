"""The apply stage of an object, and its position in a bundle."""

from __future__ import annotations

import enum
from collections.abc import Mapping

from blueprint.bundle.model import Object, ObjectId
from blueprint.catalog.kinds import Kind
from blueprint.kubernetes.kinds import NOTHING, find_kind, is_own_group, name_of, own_kind


class Stage(enum.IntEnum):
    """The stages of an apply. Each must be complete before the next one starts."""

    NAMESPACES = 0
    DEFINITIONS = 1
    OPERATORS = 2
    ACCOUNTS = 3
    CONFIGURATION = 4
    WORKLOADS = 5
    CUSTOM = 6
    ADMISSION = 7


OPERATORS = "operators.coreos.com"
"""The API group of the Operator Lifecycle Manager: its objects install kinds that are needed later."""
_ACCOUNT = "kubernetes.io/service-account"
_TOKEN = f"{_ACCOUNT}-token"
_LISTED = {"settings": 0, "roles": 1, "bindings": 2, "services": 3}
"""The order of a bundle's configuration objects."""
_WORKLOADS, _OTHERS, _ADMISSION = 4, 5, 6
CONFIGURED = int(Stage.ACCOUNTS)
"""The first rank of objects that a bundle lists by component."""


def follows_peers(obj: Object) -> bool:
    """Whether an object comes after others of its stage: a binding after its role, a token after its account."""
    return find_kind(obj.id.group, obj.id.kind).follows_peers or account_of(obj) is not None


def account_of(obj: Object) -> ObjectId | None:
    """The ServiceAccount of a token Secret. Without it, the token controller deletes the Secret immediately."""
    if (obj.id.group, obj.id.kind) != ("", "Secret") or obj.data.get("type") != _TOKEN:
        return None
    name = (obj.data["metadata"].get("annotations") or {}).get(f"{_ACCOUNT}.name", "")
    return ObjectId("", "ServiceAccount", obj.id.namespace, name)


def stage_of(identity: ObjectId) -> Stage:
    """The stage that an object belongs to."""
    return _stage(identity.group, find_kind(identity.group, identity.kind))


def rank_of(identity: ObjectId, brought: Mapping[str, Kind]) -> int:
    """The position of an object in a bundle: in apply order, and readable. `brought` are the kinds of components."""
    group, kind = identity.group, identity.kind
    facts = own_kind(group, kind) or brought.get(name_of(group, kind)) or NOTHING
    stage = _stage(group, facts)
    if stage <= Stage.ACCOUNTS:
        return int(stage)
    if stage in (Stage.WORKLOADS, Stage.ADMISSION):
        return CONFIGURED + (_WORKLOADS if stage is Stage.WORKLOADS else _ADMISSION)
    return CONFIGURED + (_LISTED[facts.listed] if facts.listed else _OTHERS)


def _stage(group: str, facts: Kind) -> Stage:
    if facts.stage:
        return Stage[facts.stage.upper()]
    return Stage.CONFIGURATION if is_own_group(group) else Stage.CUSTOM
