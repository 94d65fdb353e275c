"""Fields that operators write into our objects are not drift; writes of others to the same fields are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from blueprint.apiserver.connect import connect
from blueprint.drift.detect import detect_drift
from blueprint.drift.view import ClusterView
from blueprint.pipeline import compile_blueprint
from tests.support.drift_platform import MERGE_PATCH, apply

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.mark.parametrize(
    ("example", "sets", "path", "manager", "finalizer"),
    [
        (
            "dra-pilot",
            (),
            "/apis/nvidia.com/v1alpha1/gpuclusters/gpu-cluster",
            "gpu-operator",
            "gpucluster.nvidia.com/dra-resourceclaim",
        ),
        (
            "gb200-domains",
            ("spec.observability=null", "spec.extraManifests=[training.yaml]"),
            "/apis/resource.nvidia.com/v1beta1/namespaces/training/computedomains/rack",
            "compute-domain-controller",
            "resource.nvidia.com/computeDomain",
        ),
    ],
)
def test_the_finalizer_of_a_controller_is_not_drift_but_any_other_is(
    lab: Any, example: str, sets: tuple[str, ...], path: str, manager: str, finalizer: str
) -> None:
    bundle = compile_blueprint(str(EXAMPLES / example / "blueprint.yaml"), sets=sets).bundle
    assert bundle
    with lab.fresh() as own:
        connection = connect(str(own.kubeconfig))
        apply(bundle, connection)

        def found_after(manager: str, *finalizers: str) -> set[str]:
            body = {"metadata": {"finalizers": list(finalizers)}}
            own.request("PATCH", f"{path}?fieldManager={manager}", body, MERGE_PATCH)
            return {each.path for each in detect_drift(bundle, ClusterView(connection)).findings if each.path}

        assert found_after(manager, finalizer) == set()
        assert found_after("kubectl-edit", finalizer, "example.org/hold") == {"metadata.finalizers[1]"}
        connection.close()
