"""What must run once, and is brought a second time."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.check.finding import ObjectFinding
from blueprint.check.rule_context import USERS, Pod, RuleContext, inside
from blueprint.diagnostics import define

BROUGHT_TWICE = define(
    "BP6114",
    "brought-twice",
    """
Two of these on the same nodes fight: two feature discoveries overwrite and prune each other's labels, two device
plugins register the same resource with the kubelet and hand out GPUs twice, two exporters profile the same GPU, two
operators rewrite each other's operands. The charts of the GPU Operator, the Network Operator, the device plugin and
Kata each bring a Node Feature Discovery of their own. Keep one: make the component here `external` or `absent`, or
leave the other out.
""",
)
_IMAGES = {
    "node-feature-discovery": "nfd",
    "k8s-device-plugin": "k8s-device-plugin",
    "dcgm-exporter": "dcgm-exporter",
    "gpu-operator": "gpu-operator",
}
_PARTS = {"k8s-device-plugin": "devicePlugin", "dcgm-exporter": "dcgmExporter"}


def twice(pod: Pod, context: RuleContext) -> Iterator[ObjectFinding]:
    """A user's own copy of what a component brings."""
    if pod.subject.component != USERS:
        return
    for path, container in pod.containers:
        image = str(container.get("image") or "").partition("@")[0].rpartition("/")[2].partition(":")[0]
        component = _IMAGES.get(image)
        if component and (by := _brought(component, context)):
            text = f"{image} is brought by {by} already"
            help_ = f"remove it, or components.{by}.ownership: external"
            yield ObjectFinding(BROUGHT_TWICE, (*path, "image"), text, help_)
            return


def _brought(component: str, context: RuleContext) -> str | None:
    """Which component runs that already, if one does."""
    part = _PARTS.get(component)
    if part and context.cluster_policy and inside(context.cluster_policy.data, "spec", part, "enabled") is not False:
        return "gpu-operator"
    ours = any(pod.subject.component == component for pod in context.pods) or context.subscription_of(component)
    return component if ours else None


RULES = (twice,)
