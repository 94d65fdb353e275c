"""Nodes of a declared pool on a real API server, with methods that change them as users and controllers do."""

from __future__ import annotations

import uuid
from typing import Any

from blueprint.apiserver.connection import Connection
from blueprint.bundle.model import BundlePool, Source, Taint
from blueprint.diagnostics import Diagnostic, Span
from blueprint.drift.model import DriftReport
from blueprint.records import replace
from tests.support.drift_platform import MERGE_PATCH, Applied, bundle_of

LABEL, TAINT = "example.org/mig", "example.org/gpu"
DECLARED = {"key": TAINT, "value": "true", "effect": "NoSchedule"}
PROVISIONER = "provisioner"


def source(line: int) -> tuple[Source, ...]:
    return (Source("blueprint", Span("blueprint.yaml", line, 5, line, 9), "spec.nodePools.train"),)


def pool(mark: str, name: str = "train", nodes: int = 2, **rest: Any) -> BundlePool:
    declared = BundlePool(
        name=name,
        selector={"example.org/pool": mark},
        nodes_min=nodes,
        nodes_max=nodes,
        labels={LABEL: "all"},
        taints=(Taint(TAINT, "true", "NoSchedule"),),
        gpu_product="H100-SXM5-80GB",
        gpu_count=8,
        sources={
            "nodes": source(7),
            "selector": source(8),
            f"labels.{LABEL}": source(9),
            f"taints.{TAINT}:NoSchedule": source(10),
        },
    )
    return replace(declared, **rest)


class Nodes:
    """Nodes as the pool declares them, by number."""

    def __init__(self, connection: Connection, number: int = 2) -> None:
        self.mark = f"p-{uuid.uuid4().hex[:8]}"
        self.connection = connection
        for each in range(number):
            self.create(each)

    def create(self, number: int, **labels: str) -> None:
        body = {
            "metadata": {"name": self.name(number), "labels": {"example.org/pool": self.mark, LABEL: "all"} | labels},
            "spec": {"taints": [DECLARED]},
        }
        self.connection.request("POST", "/api/v1/nodes", body, query={"fieldManager": PROVISIONER})

    def name(self, number: int) -> str:
        return f"{self.mark}-{number}"

    def get(self, number: int) -> dict[str, Any]:
        found: dict[str, Any] = self.connection.get(f"/api/v1/nodes/{self.name(number)}")
        return found

    def patch(self, number: int, body: Any, manager: str = "kubectl-edit", *, status: bool = False) -> None:
        path = f"/api/v1/nodes/{self.name(number)}{'/status' if status else ''}"
        self.connection.request("PATCH", path, body, query={"fieldManager": manager}, content_type=MERGE_PATCH)

    def drift(self, *pools: BundlePool, objects: tuple[dict[str, Any], ...] = (), **rest: Any) -> DriftReport:
        bundle = bundle_of(self.mark, list(objects), pools=pools or (pool(self.mark),), **rest)
        return Applied(bundle, "", self.connection).drift()


def about(report: DriftReport, subject: str) -> list[Diagnostic]:
    """All diagnostics about one node."""
    return [told for told in report.diagnostics if told.subject == subject]
