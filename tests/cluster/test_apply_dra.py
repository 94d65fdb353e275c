"""The DRA stack on a real API server: its policies are active, and applied objects stay unchanged."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from blueprint.cli.main import main

BLUEPRINT = """\
apiVersion: gpublueprint.dev/v1alpha2
kind: Blueprint
metadata: {name: claims}
spec:
  release: "2026.11"
  allocation: dra
  cluster: {kubernetes: "1.36"}
  nodePools:
    train:
      nodes: {min: 0, max: 2}
      selector: {acme.example/pool: train}
      gpu: {product: H100-SXM5-80GB, count: 8}
  components:
    gpu-operator:
      settings:
        computeDomains: always
        draFeatureGates: {ConsumableShares: true, DynamicMIG: false}
        draEnv: {CONSUMABLE_SHARES: memory}
        draHealthcheckPort: 51600
        draResources: {requests: {cpu: 50m, memory: 128Mi}}
        computeDomainsHealthcheck: false
"""
SECOND = """\
apiVersion: nvidia.com/v1alpha1
kind: GPUCluster
metadata: {name: second}
spec: {draDriver: {}}
"""


def test_what_is_applied_is_kept_and_nothing_has_drifted(
    lab, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The defaults that the API server writes into a GPUCluster are no changes; every setting is stored unchanged."""
    file = tmp_path / "blueprint.yaml"
    file.write_text(BLUEPRINT, "utf-8")
    with lab.fresh() as own:
        target = [str(file), "--kubeconfig", str(own.kubeconfig)]
        assert main(["apply", *target]) == 0
        assert main(["plan", "--exit-code", *target]) == 0
        capsys.readouterr()
        assert main(["drift", *target]) == 0, capsys.readouterr().out
        cluster = json.loads(own.kubectl("get", "gpucluster", "gpu-cluster", "-o", "json").stdout)
        assert cluster["spec"]["hostPaths"]["kubeletRootDir"] == "/var/lib/kubelet"
        assert cluster["spec"]["draDriver"]["featureGates"] == {"ConsumableShares": True, "DynamicMIG": False}
        second = tmp_path / "second.yaml"
        second.write_text(SECOND, "utf-8")
        refused = own.kubectl("create", "-f", str(second), check=False)
        assert refused.returncode != 0
        assert "the only GPUCluster is called gpu-cluster" in refused.stderr
