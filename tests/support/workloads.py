"""The examples with all workloads that fit them, from an overlay. Examples without tenants get one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from blueprint.catalog.workloads import workload_kind, workload_names
from blueprint.pipeline import Compilation, compile_blueprint
from blueprint.platform.drivers.model import DRA
from blueprint.platform.model import Platform
from blueprint.platform.nodes.offered import NODE_RESOURCES
from blueprint.platform.tenants.model import Tenant
from blueprint.platform.workloads.model import Sample
from blueprint.source.yaml_writer import emit

EXAMPLES = tuple(
    sorted({*Path("examples").glob("*/blueprint.yaml")} - {Path("examples/openshift-training/blueprint.yaml")})
)
"""All examples except the one for OpenShift, which supports no tenants in this release."""
TEAM = "team"


def with_workloads(example: Path, folder: Path, *, queued: bool) -> Compilation:
    """The example with every suitable workload for each tenant. `queued`: our tenants have quota."""
    before = compile_blueprint(str(example)).platform
    assert before is not None, example
    spec: dict[str, Any] = {} if before.tenants.every else _team(before, queued=queued)
    once = _compiled(example, folder / "team.yaml", spec)
    assert once.platform is not None, [each.message for each in once.diagnostics]
    given = {each.name: _fitting(once.platform, each) for each in once.platform.tenants.users}
    tenants = spec.setdefault("tenants", {})
    for name, kinds in given.items():
        tenants.setdefault(name, {})["workloads"] = kinds
    return _compiled(example, folder / "workloads.yaml", spec)


def _team(platform: Platform, *, queued: bool) -> dict[str, Any]:
    """A tenant with quota for all GPUs of every pool."""
    if not queued:
        return {"policy": {"admission": False}, "tenants": {TEAM: {"namespaces": [TEAM]}}}
    quota: dict[str, dict[str, int]] = {}
    for pool in platform.gpu_pools:
        for name, each in pool.offered.items():
            if name not in NODE_RESOURCES and (name == "gpu" or platform.allocation != DRA):  # claims count as GPUs
                quota.setdefault(pool.name, {})[name] = int(each.amount or 0) * pool.nodes_max
    return {"queueing": {"kueue": {}}, "tenants": {TEAM: {"namespaces": [TEAM], "quota": quota}}}


def _fitting(platform: Platform, tenant: Tenant) -> list[str]:
    return [
        name
        for name in workload_names()
        if any(isinstance(each, Sample) for each in platform.workloads.candidates(tenant, workload_kind(name)))
    ]


def _compiled(example: Path, overlay: Path, spec: dict[str, Any]) -> Compilation:
    head = {"apiVersion": "gpublueprint.dev/v1alpha2", "kind": "Overlay"}
    overlay.write_text(emit({**head, "spec": spec}) if spec else emit({**head, "spec": {"policy": {}}}))
    return compile_blueprint(str(example), overlays=[str(overlay)])
