"""What must run once, and is brought a second time."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.check.finding import Complaint
from blueprint.check.rules.context import USERS, Known, Pod, inside
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


def twice(pod: Pod, known: Known) -> Iterator[Complaint]:
    """A user's own copy of what a component brings."""
    if pod.subject.component != USERS:
        return
    for path, container in pod.containers:
        image = str(container.get("image") or "").partition("@")[0].rpartition("/")[2].partition(":")[0]
        component = _IMAGES.get(image)
        if component and (by := _brought(component, known)):
            text = f"{image} is brought by {by} already"
            help_ = f"remove it, or components.{by}.ownership: external"
            yield Complaint(BROUGHT_TWICE, (*path, "image"), text, help_)
            return


def _brought(component: str, known: Known) -> str | None:
    """Which component runs that already, if one does."""
    part = _PARTS.get(component)
    if part and known.policy and inside(known.policy.data, "spec", part, "enabled") is not False:
        return "gpu-operator"
    ours = any(pod.subject.component == component for pod in known.pods) or known.wish_for(component)
    return component if ours else None


RULES = (twice,)
