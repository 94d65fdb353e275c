"""`gpuStack: standalone` with `allocation: dra`: the DRA driver without the operator, and what else changes with it."""

from __future__ import annotations

from typing import Any

import pytest

from blueprint.pipeline import Compilation
from tests.support.platforms import H100, blueprint, compiled, pool

DRIVER = "DaemonSet/dra-driver-nvidia-gpu-kubelet-plugin"
RACKS = "gpu: {product: GB200, count: 4}, nvlinkDomain: {nodes: 2}, driver: {version: 580.95.05}"


def alone(
    fields: str = H100,
    *,
    settings: str = "",
    kubernetes: str = "1.36.3",
    distribution: str = "",
    os: str = "",
    cluster: str = "",
    spec: str = "",
) -> Compilation:
    """A cluster with a pool of these keys, and the driver with these settings, compiled."""
    if settings:
        spec += f"  components: {{dra-driver-nvidia-gpu: {{settings: {{{settings}}}}}}}\n"
    pools = (pool("train", fields, nodes=2),)
    keys = {"kubernetes": kubernetes, "distribution": distribution, "os": os, "cluster": cluster}
    return compiled(blueprint(*pools, stack="standaloneDra", spec=spec, **keys))


def objects(found: Compilation) -> dict[str, dict[str, Any]]:
    """What is rendered, by `Kind/name`."""
    assert found.bundle, found.diagnostics
    return {f"{one.id.kind}/{one.id.name}": one.data for one in found.bundle.objects}


def containers(found: Compilation) -> dict[str, dict[str, Any]]:
    """The containers of the driver's DaemonSet, by name; their variables as a map."""
    spec = objects(found)[DRIVER]["spec"]["template"]["spec"]
    made = [*spec["initContainers"], *spec["containers"]]
    return {one["name"]: {**one, "env": {each["name"]: each.get("value") for each in one["env"]}} for one in made}


def needs(found: Compilation) -> str:
    """The prerequisites as people read them."""
    assert found.files
    return found.files["prerequisites.md"].decode()


def test_the_driver_runs_and_no_device_plugin_beside_it() -> None:
    found = alone()
    assert not found.diagnostics
    made = objects(found)
    assert DRIVER in made
    assert not [name for name in made if "device-plugin" in name or "gpu-feature-discovery" in name]
    assert "allocate GPUs a second time" in needs(found).replace("\n", " ")


def test_the_exporter_names_the_pods_that_hold_claims() -> None:
    made = objects(alone())
    [exporter] = made["DaemonSet/dcgm-exporter"]["spec"]["template"]["spec"]["containers"]
    assert {"name": "KUBERNETES_ENABLE_DRA", "value": "true"} in exporter["env"]
    [rule] = made["ClusterRole/dcgm-exporter-pods"]["rules"]
    assert "resourceslices" in rule["resources"]


@pytest.mark.parametrize(
    ("kubernetes", "settings", "name"),
    [
        ("1.36.3", "", "nvidia.com/gpu"),
        ("1.35", "", None),
        ("1.34.2", "", None),
        ("1.35", "extendedResources: always", "nvidia.com/gpu"),
        ("1.36.3", "extendedResources: never", None),
        ("1.36.3", "resourceApiVersion: v1beta1", None),
    ],
)
def test_pods_that_request_a_number_are_served_where_the_api_server_keeps_the_name(
    kubernetes: str, settings: str, name: str | None
) -> None:
    """With its gate closed, an API server drops the field, and every plan would report a change."""
    found = alone(kubernetes=kubernetes, settings=settings)
    assert objects(found)["DeviceClass/gpu.nvidia.com"]["spec"].get("extendedResourceName") == name
    told = "The scheduler serves requests for nvidia.com/gpu" if name else "Requests for nvidia.com/gpu stay pending"
    assert told in needs(found)


@pytest.mark.parametrize(
    ("distribution", "settings", "root", "above"),
    [
        ("", "", "/", "/"),
        ("eks", "", "/", "/"),
        ("aks", "", "/", "/"),
        ("gke", "", "/home/kubernetes/bin/nvidia", "/home/kubernetes/bin"),
        ("", "driverRoot: /usr/local", "/usr/local", "/usr"),
        ("", "driverRoot: /driver", "/driver", "/"),
    ],
)
def test_the_driver_looks_for_files_where_their_owner_puts_them(
    distribution: str, settings: str, root: str, above: str
) -> None:
    found = alone(distribution=distribution, settings=settings)
    volumes = {
        each["name"]: each["hostPath"]["path"] for each in objects(found)[DRIVER]["spec"]["template"]["spec"]["volumes"]
    }
    assert (volumes["driver-root"], volumes["driver-root-parent"]) == (root, above)
    assert {each["env"]["NVIDIA_DRIVER_ROOT"] for each in containers(found).values()} == {root}


def test_the_kubelets_directory_is_the_clusters() -> None:
    found = alone(distribution="microk8s", cluster="kubeletRoot: /var/snap/microk8s/common/var/lib/kubelet")
    paths = {each["env"]["KUBELET_PLUGINS_DIRECTORY_PATH"] for each in containers(found).values()}
    assert paths == {"/var/snap/microk8s/common/var/lib/kubelet/plugins"}


def test_compute_domains_come_with_pools_that_are_joined() -> None:
    plain, joined = alone(), alone(RACKS)
    assert "compute-domains" not in containers(plain)
    assert "compute-domains" in containers(joined)
    more = set(objects(joined)) - set(objects(plain))
    assert {one for one in more if one.startswith(("Deployment/", "DeviceClass/"))} == {
        "Deployment/dra-driver-nvidia-gpu-controller",
        "DeviceClass/compute-domain-daemon.nvidia.com",
        "DeviceClass/compute-domain-default-channel.nvidia.com",
    }
    assert "nvidia-imex is disabled and masked" in needs(joined)


def test_mps_brings_the_right_to_start_its_daemons() -> None:
    role = "Role/dra-driver-nvidia-gpu-role-kubeletplugin"
    rules = [objects(alone(settings=text))[role]["rules"] for text in ("", "draFeatureGates: {MPSSupport: true}")]
    assert [["deployments"] in [rule["resources"] for rule in each] for each in rules] == [False, True]


def test_a_webhook_brings_its_certificate_from_cert_manager_or_takes_one() -> None:
    made = objects(alone(settings="webhook: true"))
    issuer = made["Certificate/dra-driver-nvidia-gpu-webhook-cert"]["spec"]["issuerRef"]
    assert issuer == {"kind": "Issuer", "name": "dra-driver-nvidia-gpu-webhook-issuer"}
    own = objects(alone(settings="webhook: true, webhookTlsSecret: my-cert, webhookCaBundle: LS0tLS1CRUdJTg=="))
    assert not [one for one in own if one.startswith(("Certificate/", "Issuer/"))]
    config = own["ValidatingWebhookConfiguration/dra-driver-nvidia-gpu-webhook-config"]
    assert config["webhooks"][0]["clientConfig"]["caBundle"] == "LS0tLS1CRUdJTg=="
    assert "annotations" not in config["metadata"]


@pytest.mark.parametrize(
    ("fields", "kubernetes", "code"),
    [
        (f"{H100}, driver: {{branch: '550'}}", "1.36.3", "BP3164"),
        (f"{H100}, owner: {{devicePlugin: host}}", "1.36.3", "BP3223"),
        (f"{H100}, owner: {{driver: operator}}", "1.36.3", "BP3213"),
        (H100, "1.34.1", "BP3220"),
        (H100, "1.33", "BP3220"),
    ],
)
def test_what_the_driver_cannot_work_with_is_refused(fields: str, kubernetes: str, code: str) -> None:
    found = [each.code.id for each in alone(fields, kubernetes=kubernetes).diagnostics if each.severity == "error"]
    assert found == [code]
