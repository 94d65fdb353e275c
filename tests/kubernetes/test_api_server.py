"""A real API server agrees: it accepts the CRDs, serves the listed kinds, and stores quantities as we do."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from blueprint.kubernetes.api import load_kubernetes
from blueprint.kubernetes.crds import load_crd, shipped_crds
from blueprint.units import canonical_quantity
from tests.support.waits import eventually

ODD = ["1000m", "1.5", "1024Mi", "1.5Gi", "1000", "1Ki", "0.5Ki", "1e3", "12e6", "1E2", "0", "0Gi", "100n", "0.1n",
       "1025Ki", ".5", "1000000k", "0.0001Ki", "123456789", "2048", "3.000", "1E", "7Ei"]  # fmt: skip


DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"


@pytest.fixture(scope="module")
def applied(lab) -> Iterator[Any]:
    """A lab of its own for these tests, since CRDs are cluster-scoped, with all of them applied before the first is
    checked.
    """
    with lab.fresh() as own:
        for key in shipped_crds():
            own.request("POST", f"{DEFINITIONS}?fieldValidation=Strict", load_crd(*key))
        yield own


@pytest.mark.parametrize("key", list(shipped_crds()), ids=lambda key: f"{key[1]}.{key[0]}")
def test_the_api_server_establishes_the_crd(applied, key: tuple[str, str]) -> None:
    """Structural, no schema violation, names accepted."""

    def established() -> dict[str, str] | None:
        conditions = _conditions(applied.request("GET", f"{DEFINITIONS}/{load_crd(*key)['metadata']['name']}"))
        return conditions if conditions.get("Established") == "True" else None

    conditions = eventually(established, "the definition is established", pause=0.5)
    assert conditions.get("NonStructuralSchema", "False") == "False"


def _conditions(crd: dict[str, Any]) -> dict[str, str]:
    return {each["type"]: each["status"] for each in (crd.get("status", {}).get("conditions") or ())}


def test_discovery_agrees_on_kinds_and_scopes(lab) -> None:
    """We maintain a table of namespaced kinds; the server's discovery is the reference."""
    server = lab.request("GET", "/version")
    kubernetes = load_kubernetes(f"{server['major']}.{server['minor'].rstrip('+')}")
    compared = 0
    for version, kinds in kubernetes.kinds.items():
        root = f"/apis/{version}" if "/" in version else f"/api/{version}"
        try:
            listed = lab.request("GET", root)["resources"]
        except Exception:  # noqa: BLE001, S112 - a version that this server was not told to serve
            continue
        scopes = {each["kind"]: each["namespaced"] for each in listed if "/" not in each["name"]}
        for kind, ours in kinds.items():
            if kind in scopes:
                assert ours.namespaced == scopes[kind], (version, kind)
                compared += 1
    assert compared > 50


def test_quantities_are_stored_in_the_form_that_we_compute(lab, namespace: str) -> None:
    """Tested with limits of emptyDir: resource lists are also rounded to milli."""
    volumes = [{"name": f"v{index}", "emptyDir": {"sizeLimit": text}} for index, text in enumerate(ODD)]
    pod = {"containers": [{"name": "c", "image": "i"}], "volumes": volumes}
    name = f"q-{uuid.uuid4().hex[:8]}"
    template = {"apiVersion": "v1", "kind": "PodTemplate", "metadata": {"name": name}, "template": {"spec": pod}}
    stored = lab.request("POST", f"/api/v1/namespaces/{namespace}/podtemplates", template)["template"]["spec"]
    assert [canonical_quantity(text) for text in ODD] == [each["emptyDir"]["sizeLimit"] for each in stored["volumes"]]
