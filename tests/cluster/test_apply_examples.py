"""Examples for clouds, applied to a control plane of their own: it accepts them, and a second apply has
nothing to do.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from blueprint.cli.main import main

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.mark.parametrize(
    "example", ["gke-provider-drivers", "gke-dra", "gb200-domains", "gb200-operator", "eks-training", "dra-pilot"]
)
def test_a_real_api_server_takes_the_example_and_keeps_it_as_it_is(lab, example: str) -> None:
    with lab.fresh() as own:
        # The lab serves none of the Prometheus Operator's kinds.
        file = EXAMPLES / example / "blueprint.yaml"
        watched = "\n  observability:" in file.read_text("utf-8")
        target = [str(file), *(["--set", "spec.observability=null"] if watched else [])]
        target += ["--kubeconfig", str(own.kubeconfig)]
        assert main(["apply", *target]) == 0
        assert main(["plan", "--exit-code", *target]) == 0
