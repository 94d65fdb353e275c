"""Pools with Kata: everything derived from `kata`, for nodes, operator, queues, probe and users."""

from __future__ import annotations

from typing import Any

import pytest

from blueprint.diagnostics import Severity
from blueprint.platform.expectations import expectations
from blueprint.platform.prerequisites import prerequisites
from tests.support.platforms import H100, blueprint, compiled, diagnostics_of, platform, pool, rendered

SNP = pool("secure", H100, "kata: {confidential: snp, attestation: 'https://kbs.acme.example'}", nodes=2)
PLAIN = pool("plain", "kata: {}")
TRAIN = pool("train", H100)
HOSPITAL = blueprint(TRAIN, SNP, PLAIN)


def objects(text: str, component: str, kind: str) -> dict[str, Any]:
    """The rendered objects of a kind, by name."""
    return {one.id.name: one.data for one in rendered(text, component) if one.id.kind == kind}


@pytest.mark.parametrize(
    ("fields", "runtimes", "handlers"),
    [
        ("kata: {}", "go", {"kata-qemu"}),
        ("kata: {}", "rust", {"kata-qemu-runtime-rs"}),
        ("kata: {}", "both", {"kata-qemu", "kata-qemu-runtime-rs"}),
        ("kata: {confidential: snp}", "go", {"kata-qemu-snp"}),
        ("kata: {confidential: tdx}", "go", {"kata-qemu-tdx"}),
        (f"{H100}, kata: {{}}", "go", {"kata-qemu-nvidia-gpu"}),
        (f"{H100}, kata: {{confidential: snp}}", "go", {"kata-qemu-nvidia-gpu-snp"}),
        (f"{H100}, kata: {{confidential: tdx}}", "rust", {"kata-qemu-nvidia-gpu-tdx-runtime-rs"}),
    ],
)
def test_the_handlers_are_those_that_pools_need(fields: str, runtimes: str, handlers: set[str]) -> None:
    spec = f"  components: {{kata-deploy: {{settings: {{kataRuntimes: {runtimes}}}}}}}\n"
    text = blueprint(TRAIN, pool("secure", fields), spec=spec)
    classes = objects(text, "kata-deploy", "RuntimeClass")
    assert set(classes) == handlers
    assert all(each["handler"] == name for name, each in classes.items())
    shims = {name.removeprefix("kata-") for name in handlers}
    [configuration] = [
        each
        for name, each in objects(text, "kata-deploy", "ConfigMap").items()
        if name.startswith("kata-deploy-custom")
    ]
    assert configuration["data"].keys() == {f"dropin-{shim}.toml" for shim in shims}
    assert all("enable_annotations = []" in each for each in configuration["data"].values())


def test_no_pool_with_kata_no_component_of_kata() -> None:
    found = compiled(blueprint(TRAIN)).bundle
    assert found
    assert not [one for one in found.objects if one.component.startswith("kata")]


def test_a_machine_class_brings_overhead_keys_labels_and_tolerations() -> None:
    found = objects(HOSPITAL, "kata-deploy", "RuntimeClass")["kata-qemu-nvidia-gpu-snp"]
    assert found["overhead"]["podFixed"] == {"cpu": "1", "memory": "10Gi", "sev-snp.amd.com/esids": "1"}
    assert found["scheduling"]["nodeSelector"] == {
        "katacontainers.io/kata-runtime": "true",
        "kata-deploy.katacontainers.io/default": "true",
        "amd.feature.node.kubernetes.io/snp": "true",
        "nvidia.com/cc.ready.state": "true",
    }
    assert [each["key"] for each in found["scheduling"]["tolerations"]] == ["gpublueprint.dev/kata"]


def test_keys_are_not_taken_where_nothing_counts_them() -> None:
    """A request that no node offers would leave every pod Pending."""
    text = blueprint(TRAIN, SNP, spec="  components: {kata-deploy: {settings: {countKeys: false}}}\n")
    found = objects(text, "kata-deploy", "RuntimeClass")["kata-qemu-nvidia-gpu-snp"]
    assert set(found["overhead"]["podFixed"]) == {"cpu", "memory"}
    assert not objects(text, "kata-deploy", "NodeFeatureRule")
    told = "\n".join(one.what for one in prerequisites(platform(text)) if one.scope == "secure")
    assert "amd.feature.node.kubernetes.io/snp=true" in told


def test_the_operator_serves_machines_and_containers_each_on_its_nodes() -> None:
    [policy] = objects(HOSPITAL, "gpu-operator", "ClusterPolicy").values()
    assert policy["spec"]["sandboxWorkloads"] == {"enabled": True, "defaultWorkload": "container", "mode": "kata"}
    assert policy["spec"]["driver"]["enabled"] is True
    only = objects(blueprint(SNP), "gpu-operator", "ClusterPolicy")["cluster-policy"]["spec"]
    assert (only["driver"]["enabled"], only["toolkit"]["enabled"], only["devicePlugin"]["enabled"]) == (False,) * 3


def test_nodes_get_label_taint_and_mode() -> None:
    bundle = compiled(HOSPITAL).bundle
    assert bundle
    pools = {each.name: each for each in bundle.pools}
    secure, plain = pools["secure"], pools["plain"]
    assert secure.labels["nvidia.com/gpu.workload.config"] == "vm-passthrough"
    assert secure.labels["nvidia.com/cc.mode"] == "on"
    assert secure.resources == {"nvidia.com/pgpu": 8}
    assert [str(each.key) for each in plain.taints] == ["gpublueprint.dev/kata"]
    assert not {"nvidia.com/gpu.workload.config", "nvidia.com/cc.mode"} & plain.labels.keys()
    assert not pools["train"].taints
    assert secure.gpu_count == pools["train"].gpu_count == 8


def test_the_probe_reads_the_kernel_where_nvml_sees_nothing() -> None:
    found: dict[str, set[str]] = {}
    for one in expectations(platform(HOSPITAL)):
        found.setdefault(one.pool, set()).add(one.check)
    assert found["secure"] == {
        "passed-gpus", "no-host-driver", "iommu-groups", "kvm", "memory-encryption",
    }  # fmt: skip
    assert found["plain"] == {"gpu-count", "kvm"}
    assert "nvml" in found["train"]


def test_quotas_count_passed_gpus() -> None:
    tenants = "  queueing: {kueue: {}}\n  tenants: {health: {namespaces: [health], quota: {secure: 16}}}\n"
    text = blueprint(TRAIN, SNP, spec=tenants)
    queue = objects(text, "kueue", "ClusterQueue")["health"]
    groups = {name: group for group in queue["spec"]["resourceGroups"] for name in group["coveredResources"]}
    assert groups["nvidia.com/pgpu"]["flavors"] == [
        {"name": "secure", "resources": [{"name": "nvidia.com/pgpu", "nominalQuota": "16"}]}
    ]
    quota = objects(text, "tenancy", "ResourceQuota")["gpus"]
    assert quota["spec"]["hard"]["requests.nvidia.com/pgpu"] == "16"


def test_an_alias_of_the_device_plugin_is_what_pools_offer() -> None:
    settings = "kataDevicePluginEnv: {P_GPU_ALIAS: big}"
    found = compiled(blueprint(TRAIN, SNP, settings=settings)).bundle
    assert found
    assert next(each for each in found.pools if each.name == "secure").resources == {"nvidia.com/big": 8}


def test_guests_attest_themselves_to_the_broker_of_the_pool() -> None:
    data = next(
        each["data"] for name, each in objects(HOSPITAL, "kata-deploy", "ConfigMap").items() if "custom" in name
    )
    drop_in = data["dropin-qemu-nvidia-gpu-snp.toml"]
    assert "agent.aa_kbc_params=cc_kbc::https://kbs.acme.example" in drop_in
    assert "nvrc.smi.srs=1" in drop_in, "Kata's own parameters would be replaced"
    assert "kernel_params" not in data["dropin-qemu.toml"]


def test_initialization_data_is_open_to_confidential_machines_alone() -> None:
    text = blueprint(TRAIN, SNP, PLAIN, spec="  components: {kata-deploy: {settings: {initData: true}}}\n")
    data = next(each["data"] for name, each in objects(text, "kata-deploy", "ConfigMap").items() if "custom" in name)
    assert 'enable_annotations = ["cc_init_data"]' in data["dropin-qemu-nvidia-gpu-snp.toml"]
    assert "enable_annotations = []" in data["dropin-qemu.toml"]
    rules = objects(text, "kata-admission", "ValidatingAdmissionPolicy")["kata-pods"]["spec"]["validations"]
    assert "cc_init_data" in rules[-1]["expression"]


@pytest.mark.parametrize(
    ("distribution", "directory"),
    [
        ("vanilla", "/etc/containerd/"),
        ("rke2", "/var/lib/rancher/rke2/agent/etc/containerd/"),
        ("k3s", "/var/lib/rancher/k3s/agent/etc/containerd/"),
        ("microk8s", "/var/snap/microk8s/current/args/"),
    ],
)
def test_containerd_is_where_the_distribution_has_it(distribution: str, directory: str) -> None:
    text = blueprint(TRAIN, PLAIN, distribution=distribution)
    installer = objects(text, "kata-deploy", "DaemonSet")["kata-deploy"]["spec"]["template"]["spec"]
    volumes = {each["name"]: each for each in installer["volumes"]}
    assert volumes["containerd-conf"]["hostPath"]["path"] == directory


def test_the_default_handler_is_one_that_is_installed() -> None:
    """The installer stops if it is not."""
    text = blueprint(TRAIN, SNP, PLAIN)
    [container] = objects(text, "kata-deploy", "DaemonSet")["kata-deploy"]["spec"]["template"]["spec"]["containers"]
    variables = {each["name"]: each.get("value") for each in container["env"]}
    for arch in ("X86_64", "AARCH64"):
        assert variables[f"DEFAULT_SHIM_{arch}"] in variables[f"SHIMS_{arch}"].split()
    assert variables["PULL_TYPE_MAPPING_X86_64"] == "qemu-nvidia-gpu-snp:guest-pull"


def test_driver_settings_in_pool_defaults_are_for_other_pools() -> None:
    text = blueprint(TRAIN, SNP, spec="  poolDefaults: {driver: {branch: '580'}}\n")
    assert {found.code.id for found in diagnostics_of(text)} == {"BP3512"}


def warned(text: str) -> dict[str, Severity]:
    return {found.code.id: found.severity for found in diagnostics_of(text)}


def test_a_version_before_the_fix_is_named_and_covered() -> None:
    assert warned(HOSPITAL) == {"BP3512": Severity.NOTE}
    for spec in ("kata-admission: {ownership: absent}", "kata-deploy: {ownership: external}"):
        text = blueprint(TRAIN, SNP, spec=f"  components: {{{spec}}}\n")
        assert warned(text)["BP3512"] is Severity.WARNING


@pytest.mark.parametrize(
    ("fields", "quota", "code"),
    [
        (f"{H100}, kata: {{confidential: snp, ccMode: devtools}}", "8", "BP3513"),
        (f"{H100}, kata: {{confidential: snp, ccMode: ppcie}}", "12", "BP3515"),
        (f"machine: {{cpu: 192, memory: 2Ti}}, {H100}, kata: {{}}", "{gpu: 8, memory: 8Gi}", "BP3516"),
        (f"machine: {{cpu: 192, memory: 2Ti}}, {H100}, kata: {{}}", "{gpu: 8, cpu: 1}", "BP3516"),
    ],
)
def test_valid_settings_without_benefit_cause_a_warning(fields: str, quota: str, code: str) -> None:
    spec = f"  queueing: {{kueue: {{}}}}\n  tenants: {{health: {{namespaces: [health], quota: {{secure: {quota}}}}}}}\n"
    found = warned(blueprint(TRAIN, pool("secure", fields, nodes=2), spec=spec))
    assert found.pop(code) is Severity.WARNING
    assert found == {"BP3512": Severity.NOTE}


def test_a_quota_of_a_pool_whose_product_is_unknown_leaves_one_finding() -> None:
    text = blueprint(
        pool("secure", "gpu: {product: H200-SXM5-141GB, count: 8}, kata: {}"),
        spec="  queueing: {kueue: {}}\n  tenants: {a: {namespaces: [a], quota: {secure: 8}}}\n",
    )
    assert [each.code.id for each in diagnostics_of(text) if each.severity is Severity.ERROR] == ["BP3101"]
