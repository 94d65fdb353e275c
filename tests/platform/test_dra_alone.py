"""`gpuStack: standalone` with `allocation: dra`: the DRA driver without the operator, and its other effects."""

from __future__ import annotations

from typing import Any

import pytest

from blueprint.pipeline import Compilation
from tests.support.platforms import H100, blueprint, compiled, pool

DRIVER = "DaemonSet/dra-driver-nvidia-gpu-kubelet-plugin"
CA = "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCi0tLS0tRU5EIENFUlRJRklDQVRFLS0tLS0="
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
    """A cluster with a pool with these keys, and a driver with these settings, compiled."""
    if settings:
        spec += f"  components: {{dra-driver-nvidia-gpu: {{settings: {{{settings}}}}}}}\n"
    pools = (pool("train", fields, nodes=2),)
    keys = {"kubernetes": kubernetes, "distribution": distribution, "os": os, "cluster": cluster}
    return compiled(blueprint(*pools, stack="standaloneDra", spec=spec, **keys))


def objects(found: Compilation) -> dict[str, dict[str, Any]]:
    """The rendered objects, by `Kind/name`."""
    assert found.bundle, found.diagnostics
    return {f"{one.id.kind}/{one.id.name}": one.data for one in found.bundle.objects}


def containers(found: Compilation) -> dict[str, dict[str, Any]]:
    """The containers of the driver's DaemonSet, by name; their variables as a map."""
    spec = objects(found)[DRIVER]["spec"]["template"]["spec"]
    made = [*spec["initContainers"], *spec["containers"]]
    return {one["name"]: {**one, "env": {each["name"]: each.get("value") for each in one["env"]}} for one in made}


def needs(found: Compilation) -> str:
    """The texts of the prerequisites."""
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
    """With its gate disabled, an API server drops the field, and every plan would report a change."""
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
    own = objects(alone(settings=f"webhook: true, webhookTlsSecret: my-cert, webhookCaBundle: {CA}"))
    assert not [one for one in own if one.startswith(("Certificate/", "Issuer/"))]
    config = own["ValidatingWebhookConfiguration/dra-driver-nvidia-gpu-webhook-config"]
    assert config["webhooks"][0]["clientConfig"]["caBundle"] == CA
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
def test_values_that_the_driver_does_not_accept_are_rejected(fields: str, kubernetes: str, code: str) -> None:
    found = [each.code.id for each in alone(fields, kubernetes=kubernetes).diagnostics if each.severity == "error"]
    assert found == [code]


BESIDE = "  components: {dra-driver-nvidia-gpu: {ownership: managed}}\n"


def beside(fields: str = RACKS, *, kubernetes: str = "1.36.3", spec: str = BESIDE) -> Compilation:
    """The device plugin, and the driver only for compute domains."""
    return compiled(blueprint(pool("train", fields, nodes=2), stack="standalone", spec=spec, kubernetes=kubernetes))


def test_compute_domains_beside_the_device_plugin_leave_gpus_to_it() -> None:
    found = beside()
    assert not [each for each in found.diagnostics if each.severity == "error"]
    made = objects(found)
    assert "DaemonSet/nvidia-device-plugin" in made
    assert set(containers(found)) == {"init-container", "compute-domains"}
    assert {one for one in made if one.startswith("DeviceClass/")} == {
        "DeviceClass/compute-domain-daemon.nvidia.com",
        "DeviceClass/compute-domain-default-channel.nvidia.com",
    }
    assert "Workloads claim devices" not in needs(found)


def test_the_device_plugins_platform_has_no_driver_unless_it_names_it() -> None:
    assert not [one for one in objects(beside(spec="")) if "dra-driver" in one]


def test_claims_of_gpus_are_refused_where_the_device_plugin_allocates_them() -> None:
    claim = (
        "apiVersion: resource.k8s.io/v1\nkind: ResourceClaim\nmetadata: {name: one, namespace: default}\n"
        "spec: {devices: {requests: [{name: gpu, exactly: {deviceClassName: gpu.nvidia.com}}]}}\n"
    )
    text = blueprint(
        pool("train", RACKS, nodes=2), stack="standalone", spec=f"{BESIDE}  extraManifests: [claim.yaml]\n"
    )
    found = compiled(text, files={"claim.yaml": claim})
    [told] = [each for each in found.diagnostics if each.severity == "error"]
    assert "the device plugin allocates GPUs" in told.message


def test_before_1_34_the_gate_is_a_prerequisite_and_the_api_is_older() -> None:
    found = beside(kubernetes="1.33")
    assert [each.code.id for each in found.diagnostics if each.code.id.startswith("BP33")] == ["BP3395"]
    assert "--runtime-config=resource.k8s.io/v1beta2=true" in needs(found)
    classes = [data for name, data in objects(found).items() if name.startswith("DeviceClass/")]
    assert {one["apiVersion"] for one in classes} == {"resource.k8s.io/v1beta2"}


def test_predicted_slices_hold_only_what_is_published() -> None:
    drivers = {
        name: {each.driver for one in found.bundle.pools for each in one.published}
        for name, found in {"claims": alone(RACKS), "beside": beside()}.items()
        if found.bundle
    }
    assert drivers == {
        "claims": {"gpu.nvidia.com", "compute-domain.nvidia.com"},
        "beside": {"compute-domain.nvidia.com"},
    }


WATCHED = "  observability: {prometheus: {namespace: monitoring, selectorLabels: {release: kps}}}\n"


def test_the_driver_is_monitored_and_gpus_are_counted_by_their_users() -> None:
    made = objects(alone(RACKS, spec=WATCHED))
    service, monitor = made["Service/dra-driver-metrics"]["spec"], made["ServiceMonitor/dra-driver"]["spec"]
    assert {each["name"]: each["targetPort"] for each in service["ports"]} == {"gpus": 8080, "compute-domains": 8081}
    assert [each["port"] for each in monitor["endpoints"]] == ["gpus", "compute-domains"]
    pods = made[DRIVER]["spec"]["template"]["metadata"]["labels"]
    assert service["selector"].items() <= pods.items()
    ports = {one["env"]["HTTP_ENDPOINT"] for one in containers(alone(RACKS)).values() if "HTTP_ENDPOINT" in one["env"]}
    assert ports == {":8080", ":8081"}
    alerts = {
        rule["alert"]: rule["expr"]
        for one in made.values()
        if one["kind"] == "PrometheusRule"
        for group in one["spec"]["groups"]
        for rule in group["rules"]
        if "alert" in rule
    }
    assert f'daemonset="{DRIVER.partition("/")[2]}"' in alerts["GpuClaimDriverNotReady"]
    assert "nvidia_dra_node_prepare_errors_total" in alerts["GpuClaimsNotPrepared"]
    text = str(made)
    assert "namespace_pool:gpu_allocated:ratio" in text
    assert "nvidia_com_" not in text


def test_a_driver_without_metrics_is_not_monitored() -> None:
    spec = f"{WATCHED}  components: {{dra-driver-nvidia-gpu: {{settings: {{metrics: false}}}}}}\n"
    made = objects(alone(spec=spec))
    assert "ServiceMonitor/dra-driver" not in made
    assert "GpuClaimsNotPrepared" not in str(made)
