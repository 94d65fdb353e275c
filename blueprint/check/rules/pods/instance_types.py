"""GPUs of pods, compared with the instance types on which the pods can run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from blueprint.bundle.model import Object
from blueprint.check.common.containers import GPU, limit
from blueprint.check.common.karpenter import allowed, node_pools
from blueprint.check.common.machines import INSTANCE_TYPE, gpus_of, gpus_of_pool
from blueprint.check.finding import ObjectFinding
from blueprint.check.rule import rule
from blueprint.check.rule_context import DescribedPod, RuleContext, mapping
from blueprint.check.rules.config_map.sharing import configurations
from blueprint.diagnostics import Severity, define
from blueprint.source.paths import format_path
from blueprint.wording import first_few

MACHINE_TOO_SMALL = define("BP6620", "more-than-the-machine-has", page=__file__, severity=Severity.WARNING)
_NODE_POOL = "karpenter.sh/nodepool"
_MOST_LISTED = 6


@rule(MACHINE_TOO_SMALL, tags=("scheduling", "karpenter"))
def machine_too_small(pod: DescribedPod, context: RuleContext) -> Iterator[ObjectFinding]:
    """More GPUs than any instance type that the pod selects. Pools of a blueprint are checked elsewhere.

    A shared GPU counts several times, so a device plugin configuration with sharing makes the number unknown.
    """
    selected = {str(key): str(value) for key, value in mapping(pod.spec.get("nodeSelector")).items()}
    if not selected or context.pools:
        return
    limits = [(path, limit(container, GPU)) for path, container in pod.containers if path[-2] == "containers"]
    total = sum(number for _, number in limits)
    if not total or context.once(_is_sharing):
        return
    machines = _machines(selected, context)
    if machines and total > (most := max(machines.values())):
        path = next(path for path, number in limits if number)
        at = (*path, "resources", "limits", GPU)
        where, have = format_path(at, pod.subject.data), first_few(sorted(machines), _MOST_LISTED)
        text = f"{where}: the pod needs {total} GPUs, but its nodes have at most {most}: {have}"
        yield ObjectFinding(MACHINE_TOO_SMALL, at, text, f"request at most {most}, or select other instance types")


def _is_sharing(context: RuleContext) -> bool:
    """Whether a device plugin configuration among the objects shares GPUs."""
    return any(next(configurations(each), None) for each in context.objects_of_kind("ConfigMap"))


def _machines(selected: Mapping[str, str], context: RuleContext) -> Mapping[str, int]:
    """The GPUs of each instance type, or of each instance, on which the pod can run; empty if unknown."""
    known = context.once(_by_selection)
    key = tuple(sorted(selected.items()))
    if key not in known:
        known[key] = _machines_of(selected, context)
    return known[key]


def _by_selection(_: RuleContext) -> dict[tuple[tuple[str, str], ...], Mapping[str, int]]:
    """A cache by selected labels: pods of one platform have few different selectors."""
    return {}


def _machines_of(selected: Mapping[str, str], context: RuleContext) -> Mapping[str, int]:
    if name := selected.get(INSTANCE_TYPE):
        return gpus_of([name])
    chosen = [pool for pool in _candidates(selected, context) if _is_chosen(pool, selected, context)]
    found: dict[str, int] = {}
    for pool in chosen:
        here = gpus_of_pool(allowed(pool, context))
        if not here:
            return {}
        found.update(here)
    return found


def _candidates(selected: Mapping[str, str], context: RuleContext) -> list[Object]:
    """The NodePools that may have one of the labels: those of the rarest one."""
    by_label = context.once(_pools_by_label)
    return min((by_label.get(label, []) for label in selected.items()), key=len)


def _pools_by_label(context: RuleContext) -> Mapping[tuple[str, str], list[Object]]:
    found: dict[tuple[str, str], list[Object]] = {}
    for pool in node_pools(context):
        for key, values in {_NODE_POOL: [pool.id.name], **allowed(pool, context)}.items():
            for value in values:
                found.setdefault((key, value), []).append(pool)
    return found


def _is_chosen(pool: Object, selected: Mapping[str, str], context: RuleContext) -> bool:
    """Whether the labels that a pod selects are those of this NodePool's nodes."""
    labels = {_NODE_POOL: [pool.id.name], **allowed(pool, context)}
    return all(value in labels.get(key, ()) for key, value in selected.items())


RULES = (machine_too_small,)
