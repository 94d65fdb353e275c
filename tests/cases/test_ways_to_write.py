"""Variants of the cases of practice that are written in other ways: in own objects, patches, settings, other forms."""

from __future__ import annotations

from pathlib import Path

import pytest

from blueprint.diagnostics import Refused
from blueprint.pipeline import compile_blueprint
from tests.cases.test_more_variants import NOBLE, driver, mig, patched
from tests.cases.test_variants import UBUNTU, found, pod, pool

EXTERNAL = "  components: {gpu-operator: {ownership: external}, nfd: {ownership: external}}\n"
OBSERVED = "  observability: {prometheus: {namespace: monitoring, selectorLabels: {release: kps}}}\n"


def config(data: str, name: str = "mine") -> str:
    """A ConfigMap of the operator's namespace, with one key."""
    key, _, text = data.partition("\n")
    indented = "".join(f"    {line}\n" for line in text.splitlines())
    return (
        f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}, namespace: gpu-operator}}\n"
        f"data:\n  {key}: |\n{indented}"
    )


def lines_of(folder: Path, cluster: str, pools: str, more: str, manifest: str) -> list[tuple[str, int]]:
    """The codes of what is wrong in a manifest, and the lines there."""
    found(folder, cluster, pools, more, manifest)
    try:
        diagnostics = compile_blueprint(str(folder / "blueprint.yaml")).diagnostics
    except Refused as refused:
        diagnostics = refused.diagnostics
    return [(each.code.id, each.at.line) for each in diagnostics if each.at and each.at.file.endswith("mine.yaml")]


PLUGIN = patched("{devicePlugin: {config: {name: mine, default: any}}}")
MIG_MANAGER = patched("{migManager: {config: {name: mine}}}")
EXPORTER = patched("{dcgmExporter: {config: {name: mine}}}")
SHARING = "sharing:\n  timeSlicing:\n    resources: [{name: nvidia.com/gpu, replicas: %s}]"
MIG_FILE = "config.yaml\nversion: v1\nmig-configs:\n  half:\n    - {devices: %s, mig-enabled: true, mig-devices: %s}"


@pytest.mark.parametrize(
    ("pools", "more", "manifest", "expected"),
    [
        # 06: files of the device plugin, which needs no version and ignores the case of the outer keys
        (pool("L4"), PLUGIN, config("any\n" + SHARING % "4"), []),
        (pool("L4"), PLUGIN, config("any\nversion: v1\n" + SHARING.replace("timeS", "times") % "4"), []),
        (pool("L4"), PLUGIN, config("any\nversion: v1\n" + SHARING % "'4'"), [("BP6202", 9)]),
        (pool("L4"), PLUGIN, config("any\nversion: v2\n" + SHARING % "4"), [("BP6202", 6)]),
        # 05: files of the MIG manager, which mig-parted rejects as a whole
        (pool("GB200", 4), MIG_MANAGER, config(MIG_FILE % ("all", "{1g.23gb: 7}")), []),
        (pool("GB200", 4), MIG_MANAGER, config(MIG_FILE % ("0-3", "{1g.23gb: 7}")), [("BP6203", 9)]),
        (pool("GB200", 4), MIG_MANAGER, config(MIG_FILE % ("all", "{}, count: 1")), [("BP6203", 9)]),
        # 10: lines of counters
        (pool("L4"), EXPORTER,
         config("dcgm-metrics.csv\n# all\nDCGM_FI_DEV_SM_CLOCK, gauge, a\nDCGM_FI_DEV_GPU_TEMP, gauge, b, c"),
         [("BP6204", 8)]),
        # 62: clients of MPS in an own file
        (driver("V100-SXM2-32GB", 'branch: "580"'), PLUGIN,
         config("any\nversion: v1\nsharing: {mps: {resources: [{name: nvidia.com/gpu, replicas: 20}]}}"),
         [("BP6202", 5)]),
    ],
)  # fmt: skip
def test_own_files(tmp_path: Path, pools: str, more: str, manifest: str, expected: list[tuple[str, int]]) -> None:
    assert lines_of(tmp_path, UBUNTU, pools, more, manifest) == expected


SCRAPED_SLOWLY = (
    "apiVersion: monitoring.coreos.com/v1\nkind: PodMonitor\n"
    "metadata: {name: a, namespace: gpu-operator, labels: {release: kps}}\n"
    "spec: {selector: {}, podMetricsEndpoints: [{port: metrics, interval: 10s, scrapeTimeout: 15s}]}\n"
)
INTERFACES = "gpu: {nodes: 1, selector: {a: gpu}, machine: {instanceType: p5en.48xlarge}, network: {}}"
MODULES = patched("{driver: {kernelModuleConfig: {name: mine}}}")


@pytest.mark.parametrize(
    ("cluster", "pools", "more", "manifest", "expected"),
    [
        # 07: MIG devices that are called GPUs
        (NOBLE, mig("A100-SXM4-80GB", "1g.10gb", 7), "", pod("a", "", "nvidia.com/gpu: 2"), {"BP6523"}),
        (NOBLE, pool("A100-SXM4-80GB", 8), "", pod("a", "", "nvidia.com/gpu: 2"), set()),
        # 14: parameters of kernel modules
        (NOBLE, pool("L4"), MODULES, config("nvidia.conf\nNVreg_CoherentGPUMemoryMode=driver"), set()),
        (NOBLE, pool("L4"), MODULES, config("params.conf\nNVreg_CoherentGPUMemoryMode=driver"), {"BP6201"}),
        (NOBLE, pool("L4"), MODULES, config("nvidia.conf\na", "other"), {"BP6201"}),
        (UBUNTU, pool("L4"), patched("{driver: {repoConfig: {configMapName: mine}}}"), "", {"BP6201"}),
        # 24: a private guest driver of the usual name, of a branch that NVIDIA does not publish here
        (UBUNTU, pool("A16"),
         patched('{driver: {repository: r.example/a, version: "570.172.08", licensingConfig: {secretName: b}}}'),
         "", set()),
        # 38: the exporter whose metrics the platform needs
        (NOBLE, pool("L4"), OBSERVED + patched("{dcgmExporter: {enabled: false}}"), "", {"BP6480"}),
        (NOBLE, pool("L4"), patched("{dcgmExporter: {enabled: false}}"), "", set()),
        # 40: monitors of pods
        (NOBLE, pool("L4"), OBSERVED, SCRAPED_SLOWLY, {"BP6031"}),
        # 52: labels of the driver
        (NOBLE, driver("L4", 'branch: "580"'), "",
         pod("a", 'nodeSelector: {nvidia.com/cuda.driver.major: "595"}, '), {"BP6108"}),
        (NOBLE, driver("L4", 'branch: "580"'), "",
         pod("a", 'nodeSelector: {nvidia.com/cuda.driver-version.major: "580"}, '), set()),
        # network interfaces of an instance type
        ('{kubernetes: "1.35", distribution: eks}', INTERFACES, "",
         pod("a", "", "nvidia.com/gpu: 8, vpc.amazonaws.com/efa: 32"), {"BP6103"}),
        ('{kubernetes: "1.35", distribution: eks}', INTERFACES, "",
         pod("a", "", "nvidia.com/gpu: 8, vpc.amazonaws.com/efa: 16"), set()),
    ],
)  # fmt: skip
def test_own_objects(tmp_path: Path, cluster: str, pools: str, more: str, manifest: str, expected: set[str]) -> None:
    assert {code for code, _ in found(tmp_path, cluster, pools, more, manifest)} == expected


def test_a_claim_for_all_mig_devices(tmp_path: Path) -> None:
    """54: a claim with allocationMode All."""
    claim = (
        "apiVersion: resource.k8s.io/v1\nkind: ResourceClaim\nmetadata: {name: a, namespace: default}\n"
        "spec: {devices: {requests: [{name: b, exactly: {deviceClassName: mig.nvidia.com, allocationMode: All}}]}}\n"
    )
    pools = mig("A100-SXM4-80GB", "3g.40gb", 2)
    assert "BP6577" in {code for code, _ in found(tmp_path, NOBLE, pools, "  allocation: dra\n", claim)}


def on(system: str) -> str:
    return f'{{kubernetes: "1.36", os: {system}}}'


@pytest.mark.parametrize(
    ("cluster", "pools", "code", "part"),
    [
        (UBUNTU, pool("RTX4090"), "BP3101", "GeForce-RTX-4090, GeForce-RTX-4090-D"),
        (UBUNTU, pool("DGX-H100"), "BP3101", "similar products: H100-SXM5-80GB, H100-SXM5-94GB"),
        (UBUNTU, pool("A40-12Q"), "BP3101", "set product to A40 and machine.instanceType"),
        (UBUNTU, pool('"NVIDIA L4-6Q"'), "BP3101", "set product to L4 and"),
        (UBUNTU, pool("Ascend-910B"), "BP3101", "another vendor"),
        (UBUNTU, pool("RX-7900-XTX"), "BP3101", "AMD"),
        (UBUNTU, pool("Tesla-K80"), "BP3101", "470"),
        (on("cos"), pool("L4"), "BP3003", "distribution: gke"),
        (on("bottlerocket"), pool("L4"), "BP3003", "distribution: eks"),
        (on("alma-9.6"), pool("L4"), "BP3003", "use a node image with the driver"),
        (UBUNTU.replace("1.35", "1.35.2+k3s1"), pool("L4"), "BP2006", "version in quotes"),
        (UBUNTU, driver("L4", 'branch: "595.91.07"'), "BP2006", "driver.version"),
        (UBUNTU, driver("L4", 'version: "595"'), "BP2006", "driver.branch"),
        (UBUNTU, driver("L4", "vgpu: true"), "BP2001", "vGPU are not supported"),
        (UBUNTU, pool("L4").replace("gpu: {product", "driver: host, gpu: {product"), "BP2004", "owner: {driver: host}"),
        (UBUNTU, pool("L4").replace("gpu: {product", "autoscaling: true, gpu: {product"), "BP2001", "nodes: {min: 0"),
        (UBUNTU, pool("L4", 1, ", sharing: {timeSlicing: {replicas: 4}}"), "BP2006", "timeSlicing: 4"),
    ],
)  # fmt: skip
def test_forms_and_names(tmp_path: Path, cluster: str, pools: str, code: str, part: str) -> None:
    [(only, text)] = found(tmp_path, cluster, pools)
    assert only == code
    assert part in text


@pytest.mark.parametrize(
    ("written", "fixed"),
    [
        ('kubernetes: "v1.35.2"', '"1.35.2"'),
        ('kubernetes: "1.35.2-gke.1200"', '"1.35.2"'),
        ("os: Ubuntu-24.04", "ubuntu-24.04"),
        ("os: ubuntu24.04", "ubuntu-24.04"),
        ("os: al2023", "amazonlinux-2023"),
    ],
)
def test_a_form_that_users_write_is_corrected(tmp_path: Path, written: str, fixed: str) -> None:
    key = written.partition(":")[0]
    others = {"kubernetes": 'kubernetes: "1.36"', "os": "os: ubuntu-24.04"}
    cluster = ", ".join({**others, key: written}.values())
    found(tmp_path, f"{{{cluster}}}", pool("L4"))
    with pytest.raises(Refused) as refused:
        compile_blueprint(str(tmp_path / "blueprint.yaml")).valid_bundle()
    assert [each.fix.replacement for each in refused.value.diagnostics if each.fix] == [fixed]


def test_keys_of_spec_beside_it_are_one_mistake(tmp_path: Path) -> None:
    text = (
        "apiVersion: gpublueprint.dev/v1alpha2\nkind: Blueprint\nmetadata: {name: t}\nspec:\n"
        f'  release: "2026.11"\ncluster: {UBUNTU}\nnodePools: {{{pool("L4")}}}\n'
    )
    (tmp_path / "blueprint.yaml").write_text(text, "utf-8")
    [only] = compile_blueprint(str(tmp_path / "blueprint.yaml")).diagnostics
    assert (only.code.id, only.at and only.at.line) == ("BP2001", 6)
    assert only.help == "indent them, and everything below them, under spec"
