"""What operators write into the objects that we gave them is no drift; what others write at the same place is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from blueprint.apiserver.connect import connect
from blueprint.drift.detect import detect_drift
from blueprint.drift.view import ClusterView
from blueprint.pipeline import compile_blueprint
from tests.support.drift_platform import MERGE_PATCH, apply

EXAMPLE = Path(__file__).parents[2] / "examples" / "dra-pilot" / "blueprint.yaml"
PATH = "/apis/nvidia.com/v1alpha1/gpuclusters/gpu-cluster"
FINALIZER = "gpucluster.nvidia.com/dra-resourceclaim"


def test_the_gpu_operators_finalizer_is_no_drift_and_anybody_elses_is(lab: Any) -> None:
    bundle = compile_blueprint(str(EXAMPLE)).bundle
    assert bundle
    with lab.fresh() as own:
        connection = connect(str(own.kubeconfig))
        apply(bundle, connection)

        def found_after(manager: str, *finalizers: str) -> set[str]:
            body = {"metadata": {"finalizers": list(finalizers)}}
            own.request("PATCH", f"{PATH}?fieldManager={manager}", body, MERGE_PATCH)
            return {each.path for each in detect_drift(bundle, ClusterView(connection)).findings if each.path}

        assert found_after("gpu-operator", FINALIZER) == set()
        assert found_after("kubectl-edit", FINALIZER, "example.org/hold") == {"metadata.finalizers[1]"}
        connection.close()
