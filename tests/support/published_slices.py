"""Nodes whose GPUs are published by a DRA driver, on a real API server: as predicted, or as changed by a test."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from blueprint.apiserver.connection import Connection
from blueprint.bundle.model import Bundle, BundlePool
from blueprint.drift.detect import detect_drift
from blueprint.drift.model import DriftReport, Finding
from blueprint.drift.view import ClusterView
from blueprint.platform.dra.published import Publication, Value
from blueprint.platform.dra.slices import slices_of_node
from blueprint.records import replace
from tests.support.platforms import H100, blueprint, compiled, pool

SLICES = "/apis/resource.k8s.io/v1/resourceslices"
NODES = "/api/v1/nodes"
DAEMON_SETS = "/apis/apps/v1/namespaces/default/daemonsets"
PLUGIN = "gpu-kubelet-plugin"
IDENTITIES = ("uuid", "parentUUID", "pciBusID", "pcieRoot")
Slices = list[dict[str, Any]]
READY = {"conditions": [{"type": "Ready", "status": "True", "reason": "KubeletReady", "message": ""}]}


def bundle_of(fields: str = H100, *more: str, settings: str = "") -> Bundle:
    """A bundle with one pool of two nodes whose GPUs are claimed by pods."""
    text = blueprint(pool("train", fields, *more, nodes=2), kubernetes="1.36.3", stack="gpuCluster", settings=settings)
    found = compiled(text)
    assert found.bundle, found.diagnostics
    return found.bundle


class AsNodesFillIt:
    """A pool whose unknown values are filled in, as a node would. Identities are left to `synthetic`."""

    def __init__(self, of: BundlePool) -> None:
        self.published = tuple(map(_filled, of.published))


def _filled(publication: Publication) -> Publication:
    sets = publication.counter_sets
    groups = (
        replace(
            group,
            attributes=_values(group.attributes),
            capacities=_values(group.capacities),
            consumes=_values(group.consumes),
        )
        for group in publication.groups
    )
    own = replace(sets, counters=_values(sets.counters)) if sets else None
    return replace(publication, groups=tuple(groups), counter_sets=own)


def _values(values: Mapping[str, Value]) -> dict[str, Value]:
    return {name: value if name.endswith(IDENTITIES) else _value(value) for name, value in values.items()}


def _value(value: Value) -> Value:
    if value.value is not None:
        return value
    text = value.one_of[0] if value.one_of else "seen"
    known = {"string": text, "version": f"{value.begins or '13.'}0.0", "int": 1, "ints": 1, "bool": True, "quantity": 7}
    return replace(value, value=known[value.type])


class Published:
    """The nodes of a pool and their published slices."""

    def __init__(self, connection: Connection, bundle: Bundle) -> None:
        self.connection = connection
        self.bundle = bundle
        self.nodes = ["node-a", "node-b"]
        for name in self.nodes:
            self.add_node(name)

    def add_node(self, name: str, *, labels: dict[str, str] | None = None, **status: Any) -> None:
        own = {"acme.example/pool": "train"} if labels is None else labels
        body = {"metadata": {"name": name, "labels": own}, "status": status or READY}
        self.connection.request("POST", NODES, body)

    def predicted(self, node: str) -> Slices:
        return copy.deepcopy(slices_of_node(AsNodesFillIt(self.bundle.pools[0]), node, synthetic=True))

    def publish(self, change: Callable[[Slices], Slices | None] | None = None) -> None:
        """Publish the predicted slices. `change` modifies the slices of the first node."""
        for name in self.nodes:
            found = self.predicted(name)
            if change and name == self.nodes[0]:
                found = change(found) or found
            for each in found:
                self.connection.request("POST", SLICES, each, query={"fieldManager": PLUGIN})

    def drift(self, *scopes: str) -> DriftReport:
        return detect_drift(self.bundle, ClusterView(self.connection), scopes=scopes or ("derived",))

    def findings(self) -> list[tuple[str, str]]:
        """The code and statement of each finding."""
        return [(code_of(each), each.statement) for each in self.drift().findings]

    def run_driver(self, ready: int, wanted: int) -> None:
        """Create the driver's DaemonSet with the given numbers of ready and wanted pods."""
        container = {"name": "gpus", "image": "nvcr.io/nvidia/dra-driver-nvidia-gpu:v0.5.0"}
        template = {"metadata": {"labels": {"app": "dra"}}, "spec": {"containers": [container]}}
        body = {
            "metadata": {"name": "dra"},
            "spec": {"selector": {"matchLabels": {"app": "dra"}}, "template": template},
        }
        self.connection.request("POST", DAEMON_SETS, body)
        numbers = {"numberReady": ready, "desiredNumberScheduled": wanted}
        status = {"status": {**numbers, "currentNumberScheduled": wanted, "numberMisscheduled": 0}}
        path, kind = f"{DAEMON_SETS}/dra/status", "application/merge-patch+json"
        self.connection.request("PATCH", path, status, content_type=kind)


def cleared(connection: Connection) -> Iterator[Connection]:
    """The connection. All objects that the test creates are deleted afterwards."""
    yield connection
    for path in (SLICES, NODES, DAEMON_SETS):
        connection.request("DELETE", path)


def code_of(finding: Finding) -> str:
    return finding.code.id if finding.code else ""


def devices(slices: Slices) -> list[dict[str, Any]]:
    """All devices of the slices."""
    return [device for each in slices for device in each["spec"].get("devices", ())]
