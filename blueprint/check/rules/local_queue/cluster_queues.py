"""ClusterQueues of LocalQueues."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.bundle.model import Object
from blueprint.check.common.fair_sharing import fair_sharing_off
from blueprint.check.common.kueue import CLUSTER_QUEUE, GROUP
from blueprint.check.common.kueue_versions import other_version
from blueprint.check.common.monitoring import matches
from blueprint.check.common.named_objects import missing
from blueprint.check.finding import ObjectFinding
from blueprint.check.rule import rule
from blueprint.check.rule_context import RuleContext, inside, mapping
from blueprint.check.rules.cluster_queue.admission import NOT_SELECTED
from blueprint.diagnostics import Severity, define

CLUSTER_QUEUE_MISSING = define("BP6546", "cluster-queue-missing", page=__file__, severity=Severity.WARNING)
_PATH = ("spec", "clusterQueue")


@rule(CLUSTER_QUEUE_MISSING, tags=("kueue", "references"))
def cluster_queue_missing(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """LocalQueues whose ClusterQueue does not exist."""
    name = inside(subject.data, *_PATH)
    if isinstance(name, str):
        there = context.named(GROUP, CLUSTER_QUEUE)
        text = f"spec.clusterQueue: there is no ClusterQueue {name}"
        if found := missing(CLUSTER_QUEUE_MISSING, _PATH, name, there, text, context):
            yield found


@rule(NOT_SELECTED, tags=("kueue",))
def namespace_not_admitted(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """LocalQueues in namespaces that their ClusterQueue does not select."""
    name = str(inside(subject.data, *_PATH))
    queue = context.named(GROUP, CLUSTER_QUEUE).get(name)
    home = context.named("", "Namespace").get(subject.id.namespace)
    selector = inside(queue.data, "spec", "namespaceSelector") if queue else None
    if selector is None or home is None:
        return
    labels = {"kubernetes.io/metadata.name": home.id.name, **mapping(inside(home.data, "metadata", "labels"))}
    if not matches(selector, labels):
        text = f"spec.clusterQueue is {name}, whose namespaceSelector does not match the namespace {home.id.name}"
        yield ObjectFinding(NOT_SELECTED, _PATH, text, "label the namespace, or widen the selector")


RULES = (cluster_queue_missing, namespace_not_admitted, other_version, fair_sharing_off)
