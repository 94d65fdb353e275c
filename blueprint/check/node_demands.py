"""The labels that a pod requires of its nodes, and the pools that may have such nodes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from blueprint.bundle.model import Path
from blueprint.check.node_labels import LabelValues
from blueprint.check.rule_context import DescribedPod, PoolOffer, RuleContext, inside, items, mapping
from blueprint.records import replace

NODE_AFFINITY = ("affinity", "nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution", "nodeSelectorTerms")


class Demand(NamedTuple):
    """`key operator values` of a node selector, and its path."""

    path: Path
    key: str
    operator: str
    values: tuple[Any, ...]


def selected_labels(pod: DescribedPod) -> tuple[Demand, ...]:
    """The node selector."""
    return tuple(
        Demand((*pod.path, "nodeSelector", key), str(key), "In", (value,))
        for key, value in mapping(pod.spec.get("nodeSelector")).items()
    )


def required_terms(pod: DescribedPod) -> list[tuple[Demand, ...]]:
    """The terms of the required node affinity, of which one must match; a single empty term if there are none."""
    return list(_terms(pod)) or [()]


def _terms(pod: DescribedPod) -> Iterator[tuple[Demand, ...]]:
    for index, term in enumerate(map(mapping, items(inside(pod.spec, *NODE_AFFINITY)))):
        at = (*pod.path, *NODE_AFFINITY, index, "matchExpressions")
        yield tuple(
            Demand(
                (*at, number, "values"),
                str(each.get("key")),
                str(each.get("operator")),
                tuple(items(each.get("values"))),
            )
            for number, each in enumerate(map(mapping, items(term.get("matchExpressions"))))
        )


def may_run(pod: DescribedPod, pool: PoolOffer, pools: Sequence[PoolOffer]) -> bool:
    """Whether the labels of a pool's nodes may satisfy all requirements of a pod."""
    return any(all(meets(pool, each, pools) for each in (*selected_labels(pod), *term)) for term in required_terms(pod))


def meets(pool: PoolOffer, demand: Demand, pools: Sequence[PoolOffer]) -> bool:
    """Whether nodes of the pool may satisfy a requirement. A label that only other pools have distinguishes them from
    this one.
    """
    if found := labels_of(pool).get(demand.key):
        return found.may(demand.operator, demand.values)
    elsewhere = any(demand.key in each.labels for each in pools)
    return not elsewhere or demand.operator in ("NotIn", "DoesNotExist")


def labels_of(pool: PoolOffer) -> dict[str, LabelValues]:
    """The known labels of a pool's nodes."""
    return {**pool.discovered, **{key: LabelValues((value,)) for key, value in pool.labels.items()}}


def as_admitted(pod: DescribedPod, context: RuleContext) -> DescribedPod:
    """The pod after admission: with the tolerations and the overhead of its RuntimeClass.

    The node labels that the class selects are omitted, because installers set them and pools do not declare them.
    """
    name = pod.spec.get("runtimeClassName")
    found = context.find("RuntimeClass", name) if isinstance(name, str) else None
    if found is None:
        return pod
    scheduling = mapping(found.data.get("scheduling"))
    tolerations = [*items(pod.spec.get("tolerations")), *items(scheduling.get("tolerations"))]
    overhead = mapping(mapping(found.data.get("overhead")).get("podFixed"))
    return replace(pod, spec={**pod.spec, "tolerations": tolerations, "overhead": overhead})
