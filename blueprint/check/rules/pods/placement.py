"""Pods that the API server refuses by its own rules, or that no node can take."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.check.finding import ObjectFinding
from blueprint.check.rule import Capability, rule
from blueprint.check.rule_context import DescribedPod, RuleContext, items, mapping
from blueprint.diagnostics import define
from blueprint.source.paths import format_path

TOLERATION_FORM = define("BP6107", "toleration-form", page=__file__)
NO_SUCH_NODES = define("BP6108", "no-such-nodes", page=__file__)
RESTART_POLICY = define("BP6109", "restart-policy-of-a-job", page=__file__)
IMAGE_MALFORMED = define("BP6116", "image-malformed", page=__file__)


@rule(TOLERATION_FORM, tags=("scheduling",))
def tolerations(pod: DescribedPod, context: RuleContext) -> Iterator[ObjectFinding]:
    """Tolerations of every value that name one."""
    for index, each in enumerate(map(mapping, items(pod.spec.get("tolerations")))):
        if each.get("operator") == "Exists" and each.get("value"):
            path = (*pod.path, "tolerations", index, "value")
            text = f"{format_path(path, pod.subject.data)} beside operator: Exists"
            yield ObjectFinding(TOLERATION_FORM, path, text, "remove value, or say operator: Equal")


@rule(NO_SUCH_NODES, tags=("scheduling",), needs=(Capability.POOLS,))
def nodes(pod: DescribedPod, context: RuleContext) -> Iterator[ObjectFinding]:
    """A selector of nodes that no pool with such GPUs has."""
    names = {name for _, name, _ in pod.requests}
    able = [pool for pool in context.pools if names & set(pool.offers)]
    for key, value in mapping(pod.spec.get("nodeSelector")).items() if names and able else ():
        there = sorted({pool.labels[key] for pool in able if key in pool.labels})
        if any(key in pool.labels for pool in context.pools) and there and value not in there:
            path = (*pod.path, "nodeSelector", key)
            text = f"{format_path(path, pod.subject.data)} is {value}, and no pool with {', '.join(sorted(names))} is"
            yield ObjectFinding(NO_SUCH_NODES, path, text, f"there are: {', '.join(there)}")


@rule(RESTART_POLICY, tags=("scheduling",))
def restart(pod: DescribedPod, context: RuleContext) -> Iterator[ObjectFinding]:
    """Jobs that would never end."""
    if pod.subject.id.group == "batch" and pod.spec.get("restartPolicy", "Always") == "Always":
        path = (*pod.path, "restartPolicy") if "restartPolicy" in pod.spec else pod.path
        yield ObjectFinding(
            RESTART_POLICY, path, f"restartPolicy of a {pod.subject.id.kind} is Always", "Never, or OnFailure"
        )


@rule(IMAGE_MALFORMED, tags=("scheduling",))
def images(pod: DescribedPod, context: RuleContext) -> Iterator[ObjectFinding]:
    """Names of images that are none."""
    for path, container in pod.containers:
        image = container.get("image")
        if isinstance(image, str) and (" " in image or "\t" in image or _capitals(image)):
            at = (*path, "image")
            text = f"{format_path(at, pod.subject.data)} is {image}"
            yield ObjectFinding(IMAGE_MALFORMED, at, text, "small letters and no spaces before the tag")


def _capitals(image: str) -> bool:
    """In the path: registries may have capitals in their names."""
    path = image.partition("@")[0].partition("/")[2] or image.partition("@")[0]
    return path.partition(":")[0] != path.partition(":")[0].lower()


RULES = (tolerations, nodes, restart, images)
