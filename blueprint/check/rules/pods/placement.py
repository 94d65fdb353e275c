"""Pods that the API server rejects, or that no node can run."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.check.finding import ObjectFinding
from blueprint.check.node_demands import (
    NODE_AFFINITY,
    Demand,
    labels_of,
    may_run,
    meets,
    required_terms,
    selected_labels,
)
from blueprint.check.rule import Capability, rule
from blueprint.check.rule_context import DescribedPod, PoolOffer, RuleContext, items, mapping
from blueprint.diagnostics import define, nearest
from blueprint.source.paths import format_path
from blueprint.wording import joined

TOLERATION_FORM = define("BP6107", "toleration-form", page=__file__)
NO_SUCH_NODES = define("BP6108", "no-such-nodes", page=__file__)
RESTART_POLICY = define("BP6109", "restart-policy-of-a-job", page=__file__)
IMAGE_MALFORMED = define("BP6116", "image-malformed", page=__file__)

_WORDS = {
    "In": "is",
    "NotIn": "is not",
    "Exists": "is set",
    "DoesNotExist": "is not set",
    "Gt": "is more than",
    "Lt": "is less than",
}
"""Operators of node selectors, in words."""


@rule(TOLERATION_FORM, tags=("scheduling",))
def tolerations(pod: DescribedPod, context: RuleContext) -> Iterator[ObjectFinding]:
    """Tolerations that match every value but specify one."""
    for index, each in enumerate(map(mapping, items(pod.spec.get("tolerations")))):
        if each.get("operator") == "Exists" and each.get("value"):
            path = (*pod.path, "tolerations", index, "value")
            text = f"{format_path(path, pod.subject.data)} must not be set with operator: Exists"
            yield ObjectFinding(TOLERATION_FORM, path, text, "remove value, or set operator: Equal")


@rule(NO_SUCH_NODES, tags=("scheduling",), needs=(Capability.POOLS,))
def nodes(pod: DescribedPod, context: RuleContext) -> Iterator[ObjectFinding]:
    """Required labels that no pool with the requested GPUs has."""
    names = {name for _, name, _ in pod.requests}
    able = [pool for pool in context.pools if names & set(pool.offers)]
    if not able:
        return
    selector, terms = selected_labels(pod), required_terms(pod)
    unmet = [
        next((each for each in (*selector, *term) if not any(meets(pool, each, able) for pool in able)), None)
        for term in terms
    ]
    if (blamed := unmet[0]) and all(unmet):
        yield _no_such_nodes(pod, blamed, able, names)
    elif not any(may_run(pod, pool, able) for pool in able):
        path = (*pod.path, "nodeSelector") if selector else (*pod.path, *NODE_AFFINITY)
        text = (
            f"{format_path(path, pod.subject.data)}: no single pool with {joined(sorted(names))} meets all requirements"
        )
        yield ObjectFinding(
            NO_SUCH_NODES, path, text, "drop a requirement: each is met by some pool, but no pool meets all of them"
        )


def _no_such_nodes(pod: DescribedPod, demand: Demand, able: list[PoolOffer], names: set[str]) -> ObjectFinding:
    there = {value for pool in able if (found := labels_of(pool).get(demand.key)) for value in found.values}
    wanted = ", ".join(map(str, demand.values))
    field = format_path(demand.path, pod.subject.data) if demand.operator == "In" else demand.key
    demanded = f"{field} {_WORDS.get(demand.operator, demand.operator)} {wanted}".rstrip()
    text = f"{demanded}, but no pool that offers {', '.join(sorted(names))} has nodes with this label"
    near = nearest(wanted, there) if demand.operator == "In" else None
    help_ = f"existing values: {', '.join(sorted(there)) or 'none'}" + (
        f"; did you mean {near}?" if near and len(there) > 1 else ""
    )
    return ObjectFinding(NO_SUCH_NODES, demand.path, text, help_)


@rule(RESTART_POLICY, tags=("scheduling",))
def restart(pod: DescribedPod, context: RuleContext) -> Iterator[ObjectFinding]:
    """Jobs that would never finish."""
    if pod.subject.id.group == "batch" and pod.spec.get("restartPolicy", "Always") == "Always":
        is_set = "restartPolicy" in pod.spec
        path = (*pod.path, "restartPolicy") if is_set else pod.path
        text = f"restartPolicy of a {pod.subject.id.kind} is Always{'' if is_set else ' by default'}"
        yield ObjectFinding(RESTART_POLICY, path, text, "set it to Never or OnFailure")


@rule(IMAGE_MALFORMED, tags=("scheduling",))
def images(pod: DescribedPod, context: RuleContext) -> Iterator[ObjectFinding]:
    """Invalid image names, except the single space that OpenShift replaces by an image trigger."""
    for path, container in pod.containers:
        image = container.get("image")
        if isinstance(image, str) and image != " " and (" " in image or "\t" in image or _capitals(image)):
            at = (*path, "image")
            text = f"{format_path(at, pod.subject.data)} is {image}, which is not a valid image name"
            yield ObjectFinding(IMAGE_MALFORMED, at, text, "use lowercase letters and no spaces before the tag")


def _capitals(image: str) -> bool:
    """Upper-case letters in the path. Registries may have them in their names."""
    path = (image.partition("/")[2] or image).partition(":")[0]
    return path != path.lower()


RULES = (tolerations, nodes, restart, images)
