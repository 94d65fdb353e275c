"""`blueprint admit`: checks user workloads against the pools of a platform with a device plugin or a DRA driver."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from blueprint.admission.findings import table
from blueprint.admission.model import Fit, PoolAnswer, WorkloadAnswer
from blueprint.bundle.model import Object
from blueprint.cli.main import main

PLUGIN = """
apiVersion: gpublueprint.dev/v1alpha2
kind: Blueprint
metadata: {name: house}
spec:
  release: "2026.11"
  cluster: {kubernetes: "1.36.3", distribution: vanilla, os: ubuntu-24.04}
  nodePools:
    train: {nodes: 4, selector: {pool: train}, gpu: {product: H100-SXM5-80GB, count: 8}}
    infer:
      nodes: 2
      selector: {pool: infer}
      taints: ["nvidia.com/gpu=true:NoSchedule"]
      gpu: {product: H100-SXM5-80GB, count: 8, mig: {strategy: mixed, layout: [{profiles: {3g.40gb: 2}}]}}
"""
DRA = """
apiVersion: gpublueprint.dev/v1alpha2
kind: Blueprint
metadata: {name: house}
spec:
  release: "2026.11"
  allocation: dra
  cluster: {kubernetes: "1.36.3", distribution: vanilla}
  nodePools:
    train: {nodes: 4, selector: {pool: train}, gpu: {product: H100-SXM5-80GB, count: 8}, driver: {branch: "580"}}
    large: {nodes: 1, selector: {pool: large}, gpu: {product: H200-SXM-141GB, count: 8}, driver: {branch: "580"}}
"""
POD = """
apiVersion: v1
kind: Pod
metadata: {name: pod, namespace: default}
spec:
  containers: [{name: a, image: registry.example/x:1, resources: {limits: %s}}]
"""
MEMORY = "device.capacity['gpu.nvidia.com'].memory.compareTo(quantity('%s')) >= 0"
CLAIM = """
apiVersion: resource.k8s.io/v1
kind: ResourceClaimTemplate
metadata: {name: gpus, namespace: default}
spec:
  spec:
    devices:
      requests:
        - name: gpu
          exactly:
            deviceClassName: gpu.nvidia.com
            count: 2
            selectors: [{cel: {expression: "%s"}}]
"""
CLAIMING = """
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: model, namespace: default}
spec:
  replicas: %d
  selector: {matchLabels: {app: model}}
  template:
    metadata: {labels: {app: model}}
    spec:
      nodeSelector: {pool: %s}
      resourceClaims: [{name: gpus, resourceClaimTemplateName: gpus}]
      containers: [{name: a, image: registry.example/x:1, resources: {claims: [{name: gpus}]}}]
"""


class Answered:
    def __init__(self, code: int, record: dict[str, Any]) -> None:
        self.code = code
        self.findings = {found["code"]: found for found in record["diagnostics"]}
        self.verdict = record["verdict"]

    def rows(self, code: str) -> dict[str, str]:
        return {each["name"]: each["text"] for each in self.findings[code]["evidence"]}


@pytest.fixture
def ask(tmp_path: Path) -> Any:
    def asked(blueprint: str, manifests: str) -> Answered:
        (tmp_path / "blueprint.yaml").write_text(blueprint)
        (tmp_path / "work.yaml").write_text(manifests)
        report = tmp_path / "report.json"
        paths = [str(tmp_path / "blueprint.yaml"), str(tmp_path / "work.yaml")]
        code = main(["admit", *paths, "--report", f"json={report}"])
        return Answered(code, json.loads(report.read_text()))

    return asked


def test_a_pod_fits_where_no_taint_keeps_it_away(ask: Any) -> None:
    found = ask(PLUGIN, POD % '{nvidia.com/gpu: "2"}')
    assert found.code == 0
    assert "fits on 4 of 6 nodes, 16 pods at once" in found.findings["BP4040"]["message"]
    assert found.rows("BP4040") == {
        "infer": "the taint nvidia.com/gpu=true:NoSchedule is not tolerated; none of its nodes offers nvidia.com/gpu; "
        "they offer nvidia.com/mig-3g.40gb",
        "train": "4 nodes, 4 on each at once",
    }


def test_more_than_a_node_has_fits_nowhere(ask: Any) -> None:
    found = ask(PLUGIN, POD % '{nvidia.com/gpu: "16"}')
    assert found.code == 1
    assert "16 of nvidia.com/gpu are requested, but a node has only 8" in found.findings["BP4041"]["message"]


def test_processors_and_memory_count_where_the_machine_is_declared(ask: Any) -> None:
    small = PLUGIN.replace("train: {nodes: 4,", "train: {nodes: 4, machine: {cpu: 96, memory: 1Ti},")
    found = ask(small, POD % '{nvidia.com/gpu: "1", cpu: "24", memory: 512Gi}')
    assert found.rows("BP4040")["train"] == "4 nodes, 2 on each at once"
    found = ask(small, POD % '{nvidia.com/gpu: "1", cpu: "100"}')
    assert found.rows("BP4041")["train"] == "the pod requests more cpu than a node has (96)"


def test_what_a_pool_does_not_offer_is_named_beside_what_it_offers(ask: Any) -> None:
    found = ask(PLUGIN, POD % '{nvidia.com/mig-1g.10gb: "1"}')
    assert found.code == 1
    assert found.rows("BP4041")["train"] == "none of its nodes offers nvidia.com/mig-1g.10gb; they offer nvidia.com/gpu"


def test_claims_are_proven_on_the_nodes_that_the_pod_selects(ask: Any) -> None:
    pytest.importorskip("cel_expr_python", reason="the extra cel is not installed")
    found = ask(DRA, CLAIM % (MEMORY % "100Gi") + CLAIMING % (2, "large"))
    assert found.code == 0
    assert found.rows("BP4040")["large"] == "1 node, 4 on each at once"
    found = ask(DRA, CLAIM % (MEMORY % "100Gi") + CLAIMING % (2, "train"))
    assert found.code == 1
    assert "memory is 81303Mi to 81815Mi, required: >= 100Gi" in found.rows("BP4041")["train"]


def test_more_pods_than_fit_at_once_are_a_warning(ask: Any) -> None:
    pytest.importorskip("cel_expr_python", reason="the extra cel is not installed")
    found = ask(DRA, CLAIM % (MEMORY % "100Gi") + CLAIMING % (5, "large"))
    assert found.code == 0
    assert found.findings["BP4043"]["message"].endswith("it has 5 pods, but only 4 fit at the same time")


def test_a_plain_resource_is_claimed_where_a_class_stands_behind_it(ask: Any) -> None:
    pytest.importorskip("cel_expr_python", reason="the extra cel is not installed")
    own = """
---
apiVersion: resource.k8s.io/v1
kind: DeviceClass
metadata: {name: whole}
spec:
  selectors: [{cel: {expression: "device.driver == 'gpu.nvidia.com'"}}]
  extendedResourceName: nvidia.com/gpu
"""
    pod = POD % '{nvidia.com/gpu: "3"}'
    assert ask(DRA, pod + own).rows("BP4040") == {
        "large": "1 node, 2 on each at once",
        "train": "4 nodes, 2 on each at once",
    }
    assert ask(DRA, pod).rows("BP4041")["train"] == "none of its nodes offers nvidia.com/gpu"


def test_a_claim_that_stops_the_scheduler_on_one_pool_fits_nowhere(ask: Any) -> None:
    pytest.importorskip("cel_expr_python", reason="the extra cel is not installed")
    found = ask(DRA, CLAIM % "device.attributes['gpu.nvidia.com'].productName.substring(15) == 'x'")
    assert found.code == 1
    assert "index out of range" in found.findings["BP4041"]["message"]


def test_what_is_not_known_exits_3(ask: Any) -> None:
    found = ask(DRA, CLAIMING % (1, "train"))
    assert found.code == 3
    assert "the ResourceClaimTemplate gpus is in none of the files" in found.findings["BP4042"]["message"]
    assert found.verdict == "0 of 1 workload fit, 1 not known."


def test_files_without_a_workload_are_reported(ask: Any) -> None:
    found = ask(DRA, "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x, namespace: default}\n")
    assert found.code == 0
    assert "BP4044" in found.findings


def test_the_table_has_a_row_for_each_pool(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "blueprint.yaml").write_text(PLUGIN)
    (tmp_path / "pod.yaml").write_text(POD % '{nvidia.com/gpu: "2"}')
    assert main(["admit", str(tmp_path / "blueprint.yaml"), str(tmp_path / "pod.yaml")]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split("  ")[0] == "WORKLOAD"
    assert [line.split()[-1] for line in lines if " train " in line] == ["16"]


@pytest.mark.parametrize("width", [60, 80, 100])
def test_remarks_are_wrapped_to_the_screen_and_lose_nothing(width: int) -> None:
    remark = "none of its nodes offers nvidia.com/gpu; they offer nvidia.com/mig-1g.10gb, nvidia.com/mig-3g.40gb"
    pools = (
        PoolAnswer("infer", 2, Fit.NO, 0, ("the taint is not tolerated", remark)),
        PoolAnswer("train", 4, Fit.FITS),
    )
    subject = Object({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "x"}}, "users")
    lines = list(table([WorkloadAnswer(subject, (), 1, pools)], width))
    assert max(map(len, lines)) <= width
    assert remark in " ".join(" ".join(lines).split())
