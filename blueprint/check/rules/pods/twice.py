"""Programs that must run only once, but are installed a second time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from blueprint.bundle.model import USERS, Object
from blueprint.check.common.device_plugins import DEVICE_PLUGIN, program, runs_another
from blueprint.check.common.exporters import is_exporter
from blueprint.check.finding import ObjectFinding
from blueprint.check.rule import Capability, rule
from blueprint.check.rule_context import DescribedPod, RuleContext, inside, items, mapping, severity_across_files
from blueprint.diagnostics import define

if TYPE_CHECKING:
    from blueprint.catalog.components import Component, RunsOnce

BROUGHT_TWICE = define("BP6114", "installed-twice", page=__file__)
_BY_DAEMON_SET = {DEVICE_PLUGIN: "nvidia.com/gpu", "hami": "nvidia.com/gpu"}
"""What DaemonSets with an image provide, if each node must have only one. HAMi: Project-HAMi/HAMi#646, Coexistence."""


@rule(BROUGHT_TWICE)
def twice(pod: DescribedPod, context: RuleContext) -> Iterator[ObjectFinding]:
    """A user's copy of something that a component installs."""
    if pod.subject.component != USERS:
        return
    alone = Capability.BLUEPRINT not in context.capabilities
    for path, container in pod.containers:
        image = program(container)
        if runs_another(container) or (alone and _chooses_nodes(pod)):
            continue
        if by := _brought(image, context):
            text = f"{image} is already installed by {by.component}"
            help_ = f"remove it, or set {by.switch if alone else f'components.{by.component}.ownership: external'}"
            override = severity_across_files(pod.subject, by.subject, context) if by.subject and alone else None
            yield ObjectFinding(BROUGHT_TWICE, (*path, "image"), text, help_, override)
            return


@rule(BROUGHT_TWICE)
def twice_by_users(pod: DescribedPod, context: RuleContext) -> Iterator[ObjectFinding]:
    """Two DaemonSets of a user that provide the same on the same nodes."""
    if pod.subject.id.kind != "DaemonSet" or pod.subject.component != USERS:
        return
    for path, container in pod.containers:
        what = _provided(container)
        first = context.once(_first_daemon_sets).get(what) if what else None
        if first and first.subject is not pod.subject and not _are_apart(first, pod):
            other = first.subject.id
            text = f"DaemonSet {other.namespace}/{other.name} already provides {what} on the same nodes"
            override = severity_across_files(first.subject, pod.subject, context)
            help_ = "remove one of the two, or give them different nodes by nodeSelector"
            yield ObjectFinding(BROUGHT_TWICE, (*path, "image"), text, help_, override)
            return


def _provided(container: Mapping[str, Any]) -> str | None:
    if is_exporter(container):
        return "the metrics of GPUs"
    return None if runs_another(container) else _BY_DAEMON_SET.get(program(container))


def _first_daemon_sets(context: RuleContext) -> Mapping[str, DescribedPod]:
    """The first DaemonSet of a user for all that only one may provide."""
    found: dict[str, DescribedPod] = {}
    for each in context.objects_of_kind("DaemonSet"):
        for pod in context.pods_of(each) if each.component == USERS else ():
            for what in filter(None, (_provided(container) for _, container in pod.containers)):
                found.setdefault(what, pod)
    return found


def _are_apart(one: DescribedPod, other: DescribedPod) -> bool:
    """Whether two DaemonSets may run on different nodes: their selectors differ, or an affinity decides."""
    mine, theirs = mapping(one.spec.get("nodeSelector")), mapping(other.spec.get("nodeSelector"))
    differ = any(mine[key] != theirs[key] for key in mine.keys() & theirs.keys())
    return differ or _is_by_affinity(one) or _is_by_affinity(other)


def _chooses_nodes(pod: DescribedPod) -> bool:
    """Whether a user decides where the pod runs; the operator's copy may be disabled by label on these nodes."""
    return _is_by_affinity(pod) or any(not _of_all_gpus(key) for key in mapping(pod.spec.get("nodeSelector")))


def _is_by_affinity(pod: DescribedPod) -> bool:
    """Whether an affinity selects some of the nodes with GPUs. Those of the charts select all nodes with GPUs."""
    affinity = mapping(pod.spec.get("affinity"))
    terms = items(
        inside(affinity, "nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution", "nodeSelectorTerms")
    )
    keys = [mapping(each).get("key") for term in terms for each in items(mapping(term).get("matchExpressions"))]
    return bool(affinity) and (not keys or not all(map(_of_all_gpus, keys)))


def _of_all_gpus(key: object) -> bool:
    """Whether a label tells that a node has GPUs."""
    return str(key) == "nvidia.com/gpu.present" or str(key).startswith("feature.node.kubernetes.io/")


class _Brought:
    """Who already runs a program: the component, its ClusterPolicy if that decides, and the switch there."""

    def __init__(self, component: str, subject: Object | None = None, switch: str = "") -> None:
        self.component, self.subject, self.switch = component, subject, switch


def _brought(image: str, context: RuleContext) -> _Brought | None:
    """The component that already runs it, if any; operands take precedence."""
    found = [(component.name, once) for component, once in _single() if once.image == image]
    for component, once in found:
        steps = once.operand.split(".") if once.operand else []
        if steps and context.cluster_policy and inside(context.cluster_policy.data, *steps) is not False:
            return _Brought(component, context.cluster_policy, f"{once.operand}: false in the ClusterPolicy")
    own = (component for component, once in found if once.operand is None)
    return next((_Brought(name) for name in own if _runs(name, context)), None)


def _runs(component: str, context: RuleContext) -> bool:
    return component in context.once(_components) or context.subscription_of(component) is not None


def _components(context: RuleContext) -> frozenset[str]:
    """The components that bring pods."""
    return frozenset(pod.subject.component for pod in context.pods)


@cache
def _single() -> tuple[tuple[Component, RunsOnce], ...]:
    """Everything that must not run twice, with the component that runs it."""
    from blueprint.catalog.catalog import load_catalog

    catalog = load_catalog()
    found = filter(None, map(catalog.component, catalog.components))
    return tuple((component, once) for component in found for once in component.runs_once)


RULES = (twice, twice_by_users)
