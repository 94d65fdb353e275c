"""Variants of the cases from practice: the same kind of fault with other products, systems and distributions."""

from __future__ import annotations

from pathlib import Path

import pytest

from blueprint.diagnostics import Refused
from blueprint.pipeline import compile_blueprint

UBUNTU = '{kubernetes: "1.35", os: ubuntu-22.04}'


def pool(product: str, count: int = 1, more: str = "", selector: str = "acme.example/pool: gpu") -> str:
    return f"gpu: {{nodes: 2, selector: {{{selector}}}, gpu: {{product: {product}, count: {count}{more}}}}}"


def pod(name: str, demand: str, limits: str = "nvidia.com/gpu: 1", more: str = "") -> str:
    container = f'{{name: main, image: "registry.example/c:1"{more}, resources: {{limits: {{{limits}}}}}}}'
    return (
        f"apiVersion: v1\nkind: Pod\nmetadata: {{name: {name}, namespace: default}}\n"
        f"spec: {{{demand}containers: [{container}]}}\n---\n"
    )


def found(folder: Path, cluster: str, pools: str, more: str = "", manifest: str = "") -> list[tuple[str, str]]:
    """Codes and messages."""
    text = (
        "apiVersion: gpublueprint.dev/v1alpha2\nkind: Blueprint\nmetadata: {name: t}\n"
        f'spec:\n  release: "2026.11"\n  cluster: {cluster}\n  nodePools: {{{pools}}}\n{more}'
        + ("  extraManifests: [mine.yaml]\n" if manifest else "")
    )
    (folder / "blueprint.yaml").write_text(text, "utf-8")
    (folder / "mine.yaml").write_text(manifest, "utf-8")
    try:
        diagnostics = compile_blueprint(str(folder / "blueprint.yaml")).diagnostics
    except Refused as refused:
        diagnostics = refused.diagnostics
    return [(each.code.id, f"{each.message} = {each.help}") for each in diagnostics]


@pytest.mark.parametrize(
    ("cluster", "pools", "more", "code", "part"),
    [
        ('{kubernetes: "1.35", os: ubuntu-26.04}', pool("L40S"), "", None, ""),
        (UBUNTU, pool("P100-PCIe-16GB", 1, ", sharing: {mps: 17}"), "", "BP3401", "at most 16"),
        (UBUNTU, pool("V100-SXM2-32GB", 1, ", sharing: {mps: 16}"), "", None, ""),
        (UBUNTU, pool("T4", 1, ", sharing: {mps: 48}"), "", None, ""),
        (UBUNTU, pool("T4", 1, ", sharing: {mps: 49}"), "", "BP2007", "at most 48"),
        (UBUNTU, pool("MI250X"), "", "BP3101", "AMD"),
        (UBUNTU, pool("Jetson-AGX-Xavier"), "", "BP3101", "Tegra"),
        (UBUNTU, pool("RTX-3070"), "", "BP3101", "spec.hardware"),
        (UBUNTU, pool("Inferentia2"), "", "BP3101", "only NVIDIA"),
        (f"{UBUNTU[:-1]}, distribution: kops}}", pool("L4"), "", "BP2005", "distribution: vanilla"),
        (UBUNTU, pool("L4").replace("count: 1", 'count: "4"'), "", "BP2004", "without quotes"),
    ],
)  # fmt: skip
def test_a_variant_gets_the_answer_of_its_kind(
    tmp_path: Path, cluster: str, pools: str, more: str, code: str | None, part: str
) -> None:
    given = [each for each in found(tmp_path, cluster, pools, more) if not each[0].startswith("BP3162")]
    assert [each[0] for each in given] == ([code] if code else [])
    assert all(part in text for _, text in given)


GPUS = pool("H100-SXM5-80GB", 8)
MIG = pool(
    "H100-SXM5-80GB", 8, ", mig: {strategy: mixed, layout: [{devices: 0-7, profiles: {3g.40gb: 1, 1g.10gb: 4}}]}"
)


@pytest.mark.parametrize(
    ("pools", "manifest", "code"),
    [
        (GPUS, pod("a", "nodeSelector: {nvidia.com/gpu.product: NVIDIA-H100-80GB-HBM3}, "), None),
        (GPUS, pod("a", "nodeSelector: {nvidia.com/gpu.family: ampere}, "), "BP6108"),
        (GPUS, pod("a", 'nodeSelector: {nvidia.com/mig.capable: "false"}, '), "BP6108"),
        (GPUS, pod("a", 'nodeSelector: {nvidia.com/gpu.compute.major: "9"}, '), None),
        (GPUS, pod("a", 'nodeSelector: {nvidia.com/gpu.compute.major: "8"}, '), "BP6108"),
        (GPUS, pod("a", "", more=", securityContext: {privileged: true}"), "BP6522"),
        (MIG, pod("a", "", "nvidia.com/mig-3g.40gb: 1, nvidia.com/mig-1g.10gb: 1"), "BP6523"),
        (MIG, pod("a", "", "nvidia.com/mig-1g.10gb: 1"), None),
    ],
)
def test_a_users_pod_is_judged_by_what_the_nodes_are(
    tmp_path: Path, pools: str, manifest: str, code: str | None
) -> None:
    assert [each for each, _ in found(tmp_path, UBUNTU, pools, manifest=manifest)] == ([code] if code else [])
