"""Pods that use RDMA: permission to pin memory, and the resources that a network policy defines."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from blueprint.check.finding import ObjectFinding
from blueprint.check.rule import rule
from blueprint.check.rule_context import DescribedPod, RuleContext, inside, items, mapping
from blueprint.diagnostics import Severity, define, nearest
from blueprint.source.paths import format_path
from blueprint.wording import first_few

NO_IPC_LOCK = define("BP6582", "rdma-without-ipc-lock", page=__file__, severity=Severity.NOTE)
NOT_MADE = define("BP6583", "rdma-resource-unmade", page=__file__, severity=Severity.WARNING)
_RDMA = "rdma/"
_MOST_LISTED = 24


@rule(NO_IPC_LOCK, tags=("network",))
def ipc_lock(pod: DescribedPod, context: RuleContext) -> Iterator[ObjectFinding]:
    """Containers that request RDMA but may not pin memory."""
    for path, container in pod.containers:
        security = mapping(container.get("securityContext"))
        added = [str(each).removeprefix("CAP_") for each in items(inside(security, "capabilities", "add"))]
        names = _rdma_limits(container)
        if names and security.get("privileged") is not True and not {"IPC_LOCK", "ALL"} & set(added):
            at = (*path, "resources", "limits", names[0])
            text = f"{format_path(at, pod.subject.data)} needs the capability IPC_LOCK, because RDMA pins memory"
            yield ObjectFinding(NO_IPC_LOCK, at, text, "add securityContext: {capabilities: {add: [IPC_LOCK]}}")


@rule(NOT_MADE, tags=("network",))
def unmade(pod: DescribedPod, context: RuleContext) -> Iterator[ObjectFinding]:
    """RDMA resources that none of the policies among the objects defines."""
    made = context.once(shared_resources)
    for path, container in pod.containers if made else ():
        for name in _rdma_limits(container):
            if name.removeprefix(_RDMA) not in made:
                at = (*path, "resources", "limits", name)
                near = nearest(name.removeprefix(_RDMA), made)
                text = f"{format_path(at, pod.subject.data)}: no network policy among the objects provides {name}"
                listed = first_few([_RDMA + each for each in sorted(made)], _MOST_LISTED)
                help_ = f"did you mean {_RDMA}{near}?" if near else f"the policies provide {listed}"
                yield ObjectFinding(NOT_MADE, at, text, help_)


def _rdma_limits(container: Any) -> list[str]:
    limits = mapping(inside(container, "resources", "limits"))
    return [name for name, amount in limits.items() if str(name).startswith(_RDMA) and str(amount) != "0"]


def shared_resources(context: RuleContext) -> frozenset[str]:
    """The names in the configurations of the shared RDMA device plugin, as far as they can be parsed."""
    found: set[str] = set()
    policies = (each for kind, objects in context.kinds.items() if kind.startswith("Nic") for each in objects)
    for policy in policies:
        text = inside(policy.data, "spec", "rdmaSharedDevicePlugin", "config")
        try:
            entries = mapping(json.loads(text)).get("configList") if isinstance(text, str) else ()
        except (ValueError, RecursionError):
            continue
        names = (mapping(each).get("resourceName") for each in items(entries))
        found.update(name for name in names if isinstance(name, str))
    return frozenset(found)


RULES = (ipc_lock, unmade)
