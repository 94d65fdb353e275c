"""Why a pod does not fit on a node, in the order of the scheduler's checks, each reason with the deciding value."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction
from typing import Any

from blueprint.lab.trial.requests import Amounts, amount_in_words, number_in_words, requests_of
from blueprint.records import Record
from blueprint.units import quantity_value

Json = Mapping[str, Any]
NEAR, OTHER, FAR = 1, 2, 4
"""The node has the right type; has another value; has nothing of what is requested."""
_ENDED = ("Succeeded", "Failed")


class NodeReason(Record):
    """One reason against a node. `distance` is how far the node is from fitting; `help` is how to resolve the
    reason.
    """

    distance: int
    text: str
    help: str = ""


class NodeState(Record):
    """A node, and the requests of the pods on it."""

    node: Json
    taken: Amounts

    @property
    def name(self) -> str:
        """Its name."""
        return str(self.node["metadata"]["name"])

    @property
    def labels(self) -> Mapping[str, str]:
        """Its labels."""
        return self.node["metadata"].get("labels") or {}


def node_states(nodes: Iterable[Json], pods: Iterable[Json]) -> list[NodeState]:
    """All nodes, with the requests of their pods."""
    taken: dict[str, Amounts] = {}
    for pod in pods:
        name = pod["spec"].get("nodeName")
        if name and pod["status"].get("phase") not in _ENDED:
            amounts = taken.setdefault(name, {})
            for resource, number in requests_of(pod["spec"]).items():
                amounts[resource] = amounts.get(resource, Fraction(0)) + number
    return [NodeState(node, taken.get(node["metadata"]["name"], {})) for node in nodes]


def reasons(spec: Json, state: NodeState, by_claims: frozenset[str] = frozenset()) -> list[NodeReason]:
    """All reasons against this node; empty if the pod fits, as far as can be determined here.

    `by_claims` are resources that the scheduler may also provide through a claim, so their amounts do not matter.
    """
    return [
        *_cordon(spec, state),
        *_taints(spec, state),
        *_selector(spec, state),
        *_affinity(spec, state),
        *_resources(spec, state, by_claims),
    ]


def _cordon(spec: Json, state: NodeState) -> Iterator[NodeReason]:
    mark = {"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"}
    if state.node["spec"].get("unschedulable") and not _tolerated(mark, spec):
        yield NodeReason(NEAR, "the node is cordoned", "uncordon the node")


def _taints(spec: Json, state: NodeState) -> Iterator[NodeReason]:
    for taint in state.node["spec"].get("taints") or ():
        if taint["effect"] in ("NoSchedule", "NoExecute") and not _tolerated(taint, spec):
            value = f"={taint['value']}" if taint.get("value") else ""
            written = f"{{key: {taint['key']}, operator: Exists, effect: {taint['effect']}}}"
            text = f"taint {taint['key']}{value}:{taint['effect']} is not tolerated"
            yield NodeReason(NEAR, text, f"add the toleration {written}")


def _tolerated(taint: Json, spec: Json) -> bool:
    return any(_tolerates(each, taint) for each in spec.get("tolerations") or ())


def _tolerates(toleration: Json, taint: Json) -> bool:
    if toleration.get("effect") and toleration["effect"] != taint["effect"]:
        return False
    if toleration.get("key") and toleration["key"] != taint["key"]:
        return False
    if toleration.get("operator", "Equal") == "Exists":
        return True
    return bool(toleration.get("key")) and (toleration.get("value") or "") == (taint.get("value") or "")


def _selector(spec: Json, state: NodeState) -> Iterator[NodeReason]:
    for key, value in (spec.get("nodeSelector") or {}).items():
        if state.labels.get(key) != value:
            text = f"nodeSelector requires {key}={value}, but the node {_label(state, key)}"
            distance = OTHER if key in state.labels else FAR
            yield NodeReason(distance, text, f"select a value that nodes have, or remove {key}")


def _label(state: NodeState, key: str) -> str:
    return f"has {key}={state.labels[key]}" if key in state.labels else "has no such label"


def _affinity(spec: Json, state: NodeState) -> Iterator[NodeReason]:
    """One of several terms must match; within a term, all requirements."""
    affinity = (spec.get("affinity") or {}).get("nodeAffinity") or {}
    required = affinity.get("requiredDuringSchedulingIgnoredDuringExecution") or {}
    terms = required.get("nodeSelectorTerms") or ()
    unmet = [next(_unmet(term, state), None) for term in terms]
    if unmet and all(unmet) and (first := unmet[0]):
        more = f" (likewise for {len(unmet) - 1} more terms)" if len(unmet) > 1 else ""
        yield NodeReason(OTHER, f"{first}{more}", "change the required node affinity")


def _unmet(term: Json, state: NodeState) -> Iterator[str]:
    for each in term.get("matchExpressions") or ():
        if not _holds(each, state.labels):
            values = ", ".join(each.get("values") or ())
            wanted = f"{each['key']} {each['operator']} {values}".strip()
            yield f"node affinity requires {wanted}, but the node {_label(state, each['key'])}"
    for each in term.get("matchFields") or ():
        if not _holds(each, {"metadata.name": state.name}):
            yield f"node affinity requires the node {', '.join(each.get('values') or ())}"


def _holds(each: Json, labels: Mapping[str, str]) -> bool:
    value, wanted = labels.get(each["key"]), each.get("values") or ()
    match each["operator"]:
        case "In":
            return value in wanted
        case "NotIn":
            return value not in wanted
        case "Exists":
            return value is not None
        case "DoesNotExist":
            return value is None
        case "Gt" | "Lt" if value is not None and _is_number(value) and wanted and _is_number(wanted[0]):
            return int(value) > int(wanted[0]) if each["operator"] == "Gt" else int(value) < int(wanted[0])
    return False


def _is_number(text: str) -> bool:
    return text.removeprefix("-").isdecimal()


def _resources(spec: Json, state: NodeState, by_claims: frozenset[str]) -> Iterator[NodeReason]:
    offered = state.node["status"].get("allocatable") or {}
    for name, number in sorted(requests_of(spec).items()):
        whole = quantity_value(str(offered.get(name, "0")))
        free = whole - state.taken.get(name, Fraction(0))
        if number <= free or not number or name in by_claims:
            continue
        wanted = amount_in_words(name, number)
        if not whole:
            yield NodeReason(FAR, f"requests {wanted}, but the node offers none")
        elif number > whole:
            most = number_in_words(name, whole)
            help_ = f"request at most {most} {name}"
            yield NodeReason(NEAR, f"requests {wanted}, but a node offers only {most}", help_)
        else:
            text = (
                f"requests {wanted}, but only {number_in_words(name, free)} of {number_in_words(name, whole)} are free"
            )
            yield NodeReason(NEAR, text, "wait until other pods end, or add nodes")
