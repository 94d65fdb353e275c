"""The differences of Kueue's configuration in a lab from the rendered one."""

from __future__ import annotations

from typing import Any

import pytest

from blueprint.catalog.component_files.lab_programs import load_queue_programs
from blueprint.lab.queues.settings import configuration, find_object
from tests.support.platforms import compiled
from tests.support.tenanted import MACHINE, pools, tenants
from tests.support.yaml_data import yaml_value

[KUEUE] = load_queue_programs()
PLACES = {"webhook": 1, "metrics": 2, "health": 3, "certificates": "/there", "uncounted": ["cpu"]}
PLATFORM = pools({"train": "nodes: 5, gpu: {product: H100-SXM5-80GB, count: 8}"}, MACHINE) + tenants(
    {"vision": "namespaces: [vision], quota: {train: 8}"}
)
ISSUED = "  components: {kueue: {settings: {certManager: true}}}\n"


@pytest.mark.parametrize("more", ["", ISSUED], ids=["certificates of its own", "of cert-manager"])
def test_it_makes_its_own_certificates_whoever_does_in_a_cluster(more: str) -> None:
    found = adapted(more)
    assert found["internalCertManagement"] == {
        "enable": True,
        "webhookServiceName": "kueue-webhook-service",
        "webhookSecretName": "kueue-webhook-server-cert",
    }
    assert found["webhook"] == {"port": 1, "certDir": "/there"}
    assert found["leaderElection"]["leaderElect"] is False


def test_the_older_version_gets_what_it_understands() -> None:
    assert adapted("")["resources"].keys() == {"quotaCheckStrategy", "transformations"}
    older = adapted("", built=True)["resources"]
    assert older.keys() == {"excludeResourcePrefixes", "transformations"}
    assert older["excludeResourcePrefixes"] == ["cpu"]


def adapted(more: str, *, built: bool = False) -> Any:
    """The platform's configuration, as a lab passes it to the manager."""
    compilation = compiled(PLATFORM + more)
    rendered = find_object(compilation.valid_bundle(), KUEUE, "ConfigMap", KUEUE.config_map)
    assert rendered
    return yaml_value(configuration(rendered.data["data"][KUEUE.key], KUEUE, PLACES, built=built))
