"""Claims like those of the driver's own examples: valid ones cause no findings, whatever their form.

The examples are ours, modelled on kubernetes-sigs/dra-driver-nvidia-gpu 2026-08-07, demo/specs.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from blueprint.bundle.model import USERS, Object
from blueprint.catalog.component_files.devices import load_devices
from blueprint.catalog.component_files.feature_gates import load_gates
from blueprint.check.claims.dra_context import DraContext
from blueprint.check.rule_context import PoolOffer
from blueprint.check.runner import run_rules
from blueprint.data import data_folder
from blueprint.render.canonical import canonical
from tests.support.rule_facts import context, devices, dra

A = "device.attributes['gpu.nvidia.com']"
GATES = frozenset({"TimeSlicingSettings", "MPSSupport", "IMEXDaemonsWithDNSNames"})
A100 = devices(
    names=("NVIDIA A100-SXM4-40GB",),
    architecture="Ampere",
    memory_mib=40960,
    profiles=("1g.5gb", "2g.10gb", "3g.20gb"),
    cut=("1g.5gb", "2g.10gb", "3g.20gb"),
)
SHARED = "{apiVersion: resource.nvidia.com/v1beta1, kind: %s, sharing: %s}"
OPAQUE = "{requests: [%s], opaque: {driver: gpu.nvidia.com, parameters: %s}}"
MPS = "{strategy: MPS, mpsConfig: {defaultActiveThreadPercentage: 50, defaultPinnedDeviceMemoryLimit: 10Gi}}"
LONG = "{strategy: TimeSlicing, timeSlicingConfig: {interval: Long}}"


def claim(devices: str, version: str = "v1") -> str:
    return f"""apiVersion: resource.k8s.io/{version}
kind: ResourceClaimTemplate
metadata: {{name: gpus, namespace: demo}}
spec: {{spec: {{devices: {devices}}}}}
"""


def one(name: str, more: str = "", of: str = "gpu.nvidia.com") -> str:
    return f"{{name: {name}, exactly: {{deviceClassName: {of}{more}}}}}"


def cel(expression: str) -> str:
    return f', selectors: [{{cel: {{expression: "{expression}"}}}}]'


SLICES = ", ".join(
    one(f"m{index}", cel(f"{A}.profile == '{profile}'"), "mig.nvidia.com")
    for index, profile in enumerate(("1g.5gb", "1g.5gb", "2g.10gb", "3g.20gb"))
)
CHOICE = " && ".join(
    (
        f"{A}.productName.lowerAscii().matches('^.*a100.*$')",
        f"{A}.driverVersion.compareTo(semver('580.95.5')) >= 0",
        "device.capacity['gpu.nvidia.com'].memory.isGreaterThan(quantity('39Gi'))",
    )
)
GUARDED = f"has({A}.addressingMode) && {A}.addressingMode == 'HMM'"
SPEED = "device.attributes['nic.example'].speed > 100"
SMALL = f"device.driver == 'gpu.nvidia.com' && {A}.type == 'mig' && {A}.profile == '1g.5gb'"
EARLIER = "{requests: [{name: gpu, deviceClassName: gpu.nvidia.com, count: 2}]}"
RIGHT = {
    "one GPU": claim(f"{{requests: [{one('gpu')}]}}"),
    "one GPU in the earlier form": claim(
        "{requests: [{name: gpu, deviceClassName: gpu.nvidia.com, count: 2}]}", "v1beta1"
    ),
    "slices of one GPU": claim(
        f"{{requests: [{SLICES}], constraints: [{{matchAttribute: gpu.nvidia.com/parentUUID}}]}}"
    ),
    "two ways of sharing for two requests": claim(
        f"{{requests: [{one('ts')}, {one('mps')}], config: [{OPAQUE % ('ts', SHARED % ('GpuConfig', LONG))},"
        f" {OPAQUE % ('mps', SHARED % ('GpuConfig', MPS))}]}}"
    ),
    "an instance that is shared": claim(
        f"{{requests: [{one('gpu', of='mig.nvidia.com')}],"
        f" config: [{OPAQUE % ('gpu', SHARED % ('MigDeviceConfig', '{strategy: TimeSlicing}'))}]}}"
    ),
    "the first that there is": claim(
        "{requests: [{name: gpu, firstAvailable: [{name: big, deviceClassName: gpu.nvidia.com},"
        " {name: small, deviceClassName: mig.nvidia.com}]}],"
        f" config: [{OPAQUE % ('gpu/small', SHARED % ('MigDeviceConfig', MPS))}]}}"
    ),
    "by product, version and memory": claim(f"{{requests: [{one('gpu', cel(CHOICE))}]}}"),
    "what may be missing, asked for first": claim(f"{{requests: [{one('gpu', cel(GUARDED))}]}}"),
    "beside a network card of its own driver": claim(
        f"{{requests: [{one('gpu')}, {one('nic', cel(SPEED), 'nic.example')}],"
        " constraints: [{matchAttribute: resource.kubernetes.io/pcieRoot}]}"
    ),
    "a class for a profile": f"""apiVersion: resource.k8s.io/v1
kind: DeviceClass
metadata: {{name: small.acme.example}}
spec:
  extendedResourceName: nvidia.com/mig-1g.5gb
  selectors: [{{cel: {{expression: "{SMALL}"}}}}]
---
apiVersion: v1
kind: Pod
metadata: {{name: job, namespace: demo}}
spec: {{containers: [{{name: main, image: "a.example/b:1", resources: {{limits: {{nvidia.com/mig-1g.5gb: "1"}}}}}}]}}
""",
    "a compute domain and its pod": """apiVersion: resource.nvidia.com/v1beta1
kind: ComputeDomain
metadata: {name: domain, namespace: demo}
spec: {numNodes: 0, channel: {resourceClaimTemplate: {name: channel}}}
---
apiVersion: v1
kind: Pod
metadata: {name: job, namespace: demo}
spec:
  resourceClaims: [{name: channel, resourceClaimTemplateName: channel}]
  containers: [{name: main, image: "a.example/b:1", resources: {claims: [{name: channel}]}}]
""",
}


def found(text: str, claims: DraContext) -> list[str]:
    objects = [Object(canonical(data), USERS) for data in yaml.safe_load_all(text)]
    return [each.code.id for each in run_rules(context(objects, [PoolOffer("train", {})], dra=claims)).diagnostics]


@pytest.mark.parametrize("name", RIGHT)
def test_what_is_right_is_left_alone(name: str) -> None:
    assert found(RIGHT[name], dra(open=GATES, domains=True, products=(A100,))) == []


@pytest.mark.parametrize(("driver", "attribute", "wrong"), [
    ("0.4.1", f"{A}.numa == 0", False), ("0.5.0", f"{A}.numa == 0", True),
    ("0.4.1", "device.attributes['resource.kubernetes.io'].numaNode == 0", True),
])  # fmt: skip
def test_what_is_published_depends_on_the_version_of_the_driver(driver: str, attribute: str, wrong: bool) -> None:
    text = claim(f"{{requests: [{one('gpu', cel(attribute), 'vfio.gpu.nvidia.com')}]}}")
    claims = dra(driver=driver, open=frozenset({"PassthroughSupport"}))
    assert found(text, claims) == (["BP6405"] if wrong else [])


@pytest.mark.parametrize(("name", "codes"), [
    ("gpu.intel.com", []), ("gpu.amd.com", []), ("whole.acme.example", []),
    ("gpu.nvida.com", ["warning"]), ("mig-1g.gpu.nvidia.com", ["warning"]), ("imex.nvidia.com", ["error"]),
])  # fmt: skip
def test_classes_that_others_make_are_left_alone(name: str, codes: list[str]) -> None:
    objects = [Object(canonical(yaml.safe_load(claim(f"{{requests: [{one('gpu', of=name)}]}}"))), USERS)]
    told = list(run_rules(context(objects, dra=dra())).diagnostics)
    assert [str(each.severity) for each in told] == codes
    assert {each.code.id for each in told} <= {"BP6427"}


def test_unknown_facts_of_a_product_cause_no_finding() -> None:
    text = RIGHT["slices of one GPU"]
    assert found(text, dra(products=(A100, devices()))) == []
    assert set(found(text, dra(products=(devices(profiles=("7g.80gb",), cut=("7g.80gb",)),)))) == {"BP6409"}


def test_a_gate_that_only_the_provider_could_enable_is_an_error() -> None:
    text = claim(f"{{requests: [{one('gpu', ', capacity: {requests: {memory: 4Gi}}')}]}}")
    objects = [Object(canonical(yaml.safe_load(text)), USERS)]
    severities = [
        [
            str(each.severity)
            for each in run_rules(context(objects, dra=dra(kubernetes="1.35", managed=managed))).diagnostics
        ]
        for managed in (False, True)
    ]
    assert severities == [["warning"], ["error"]]


def test_the_catalogue_of_devices_names_gates_that_there_are() -> None:
    folder = data_folder("components") / "gpu-operator"
    devices, gates = load_devices(folder), load_gates(folder).gates
    published = [*devices.attributes.values(), *devices.capacities.values()]
    named = {each.gate for names in published for each in names.values()} | {
        each.gate for each in devices.classes.values()
    }
    assert named - {None} <= set(gates)
    assert all(set(each.optional) <= set(each.of) for names in published for each in names.values())


def test_nothing_of_this_is_imported_where_nothing_is_claimed() -> None:
    """A bundle without claims does not import the modules for them."""
    root = Path(__file__).resolve().parents[2]
    code = (
        "import sys; from blueprint.pipeline import compile_blueprint;"
        "compile_blueprint('examples/h100-training/blueprint.yaml');"
        "late = ('blueprint.cel.syntax', 'blueprint.catalog.component_files.devices');"
        "print([name for name in sys.modules if name in late])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_nothing_that_proves_claims_is_loaded_where_nothing_is_claimed() -> None:
    """Neither with a device plugin, nor with a DRA driver without claims. (Rules of custom resources may need CEL.)"""
    root = Path(__file__).resolve().parents[2]
    code = (
        "import sys; from blueprint.pipeline import compile_blueprint;"
        "compile_blueprint('examples/h100-training/blueprint.yaml');"
        "compile_blueprint('examples/dra-pilot/blueprint.yaml');"
        "late = ('blueprint.cel.devices', 'blueprint.allocation', 'blueprint.rule_facts.predicted');"
        "print([name for name in sys.modules if name.startswith(late)])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
