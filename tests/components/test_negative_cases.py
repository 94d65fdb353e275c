"""What the upstream chart rejects cannot be expressed in a blueprint, or is rejected by name."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from blueprint.pipeline import Compilation, compile_blueprint
from tests.support.platforms import DECLARED_STACK

HEAD = """\
apiVersion: gpublueprint.dev/v1alpha2
kind: Blueprint
metadata: {name: negative}
spec:
  release: "2026.11"
  cluster: {kubernetes: "1.36"}
  nodePools:
    gpu: {nodes: 1, selector: {example.com/pool: gpu}, gpu: {product: H100-SXM5-80GB, count: 8}}
"""
POLICY = """\
apiVersion: nvidia.com/v1
kind: ClusterPolicy
metadata: {name: cluster-policy}
spec:
  {daemonsets: {}, dcgm: {enabled: false}, dcgmExporter: {}, devicePlugin: {}, driver: {useNvidiaDriverCRD: true},
   gfd: {}, nodeStatusExporter: {}, operator: {}, toolkit: {}}
"""
CLUSTER = """\
apiVersion: nvidia.com/v1alpha1
kind: GPUCluster
metadata: {name: gpu-cluster}
spec: {draDriver: {}}
"""


def compiled(folder: Path, more: str, **files: str) -> Compilation:
    """The compiled blueprint, with manifests beside it."""
    for name, text in files.items():
        (folder / f"{name}.yaml").write_text(text, "utf-8")
    file = folder / "blueprint.yaml"
    file.write_text(HEAD + more, "utf-8")
    return compile_blueprint(str(file))


@pytest.mark.parametrize(("stack", "foreign"), [("gpuCluster", POLICY), ("clusterPolicy", CLUSTER)])
def test_both_stacks_at_once_are_refused_by_name(tmp_path: Path, stack: str, foreign: str) -> None:
    """case-neg-both-crs. `allocation` has one value, so only a user's manifest could add the other stack."""
    found = compiled(tmp_path, f"  {DECLARED_STACK[stack]}\n  extraManifests: [foreign.yaml]\n", foreign=foreign)
    assert found.files is None
    assert "BP6002" in {each.code.id for each in found.diagnostics}


def test_nri_without_cdi_is_refused_by_name(tmp_path: Path) -> None:
    """case-neg-nri-no-cdi."""
    found = compiled(tmp_path, "  components: {gpu-operator: {settings: {nriPlugin: true, cdi: false}}}\n")
    assert found.files is None
    assert "BP6010" in {each.code.id for each in found.diagnostics}


def test_the_cases_are_those_of_the_reference() -> None:
    """A new case that upstream rejects needs a test here."""
    if "BLUEPRINT_REFERENCE" not in os.environ:
        pytest.skip("BLUEPRINT_REFERENCE does not name a folder with outputs of the upstream charts")
    cases = (Path(os.environ["BLUEPRINT_REFERENCE"]) / "gpu-operator" / "v26.7.0").glob("case-neg-*/error.txt")
    assert {case.parent.name for case in cases} == {"case-neg-both-crs", "case-neg-nri-no-cdi"}
