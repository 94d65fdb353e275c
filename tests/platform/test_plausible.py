"""Warnings about valid but implausible values; errors are in tests/bad_input."""

from __future__ import annotations

from pathlib import Path

import pytest

from blueprint.diagnostics import Severity
from blueprint.pipeline import compile_blueprint
from blueprint.source.files import DiskFiles, MemoryFiles

GOOD = Path(__file__).parents[1] / "bad_input" / "good"
SYSTEM = "      selector: {acme.example/pool: system}"
SETTING = "        maxParallelUpgrades: 2\n"
PATCH = "          reason: CHG-42\n"
CASES = {
    "a pool without nodes": ("    system:\n      nodes: 3", "    system:\n      nodes: 0", "BP3350"),
    "a label that discovery brings": (SYSTEM, '      selector: {nvidia.com/gpu.present: "true"}', "BP3353"),
    "a mirror of nothing": ("nvcr.io: mirror", "nvcr.oi: mirror", "BP3356"),
    "collected more seldom than asked": (
        SETTING, SETTING + '        dcgmExporterEnv: {DCGM_EXPORTER_INTERVAL: "60000"}\n', "BP3359",
    ),
    "all labels of all pods": (SETTING, SETTING + "        exporterPodLabels: true\n", "BP6030"),
    "a patch of what is so already": (
        PATCH,
        PATCH + "        - target: {kind: Deployment, name: gpu-operator}\n          merge: {spec: {replicas: 1}}\n"
        "          reason: once needed\n",
        "BP4006",
    ),
    "a field that nothing reads": (
        PATCH,
        PATCH + "        - target: {kind: ClusterPolicy, name: cluster-policy}\n"
        "          merge: {spec: {cdi: {default: true}}}\n"
        "          reason: from an old guide\n",
        "BP6012",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_a_warning_is_reported_where_it_is(name: str) -> None:
    old, new, code = CASES[name]
    text = (GOOD / "blueprint.yaml").read_text("utf-8")
    assert text.count(old) == 1
    changed = text.replace(old, new)
    done = compile_blueprint("blueprint.yaml", files=MemoryFiles({"blueprint.yaml": changed}, DiskFiles(GOOD)))
    assert [(each.code.id, each.severity) for each in done.diagnostics] == [(code, Severity.WARNING)]
    assert done.bundle is not None
    at = done.diagnostics[0].at
    assert at is not None
    assert at.file == "blueprint.yaml"
    assert changed.splitlines()[at.line - 1] not in text.splitlines()


@pytest.mark.parametrize(
    ("pools", "codes"),
    [
        ("{plain: {nodes: 1, selector: {pool: plain}}}", ["BP3363"]),
        ("{plain: {nodes: 1, selector: {pool: plain}, machine: {cpu: 16, memory: 64Gi}}}", ["BP3363"]),
        (
            "{other: {nodes: 1, selector: {pool: a}, machine: {instanceType: m9i.4xlarge, cpu: 16, memory: 64Gi}}}",
            ["BP3150"],
        ),
        ("{gpu: {nodes: 1, selector: {pool: gpu}, gpu: {product: L4, count: 1}}}", []),
    ],
)
def test_a_platform_without_gpus_is_implausible(pools: str, codes: list[str], tmp_path: Path) -> None:
    """It is unknown whether a machine that the catalogue does not contain has GPUs."""
    file = tmp_path / "blueprint.yaml"
    file.write_text(
        "apiVersion: gpublueprint.dev/v1alpha2\nkind: Blueprint\nmetadata: {name: plain}\n"
        f'spec: {{release: "2026.11", cluster: {{kubernetes: "1.36"}}, nodePools: {pools}}}\n'
    )
    assert [found.code.id for found in compile_blueprint(str(file)).diagnostics] == codes
