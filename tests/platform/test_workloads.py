"""The size of tenants' workloads, the pools for which they are created, and warnings."""

from __future__ import annotations

from pathlib import Path
from textwrap import indent

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blueprint.catalog.workloads import workload_kind, workload_names
from blueprint.data import data_folder
from blueprint.pipeline import Compilation, compile_blueprint
from blueprint.platform.nodes.offered import NODE_RESOURCES
from blueprint.platform.workloads.model import Misfit, Sample
from blueprint.units import quantity_value
from tests.support.platforms import compiled

HEAD = """\
apiVersion: gpublueprint.dev/v1alpha2
kind: Blueprint
metadata: {name: good}
spec:
  release: "2026.11"
  cluster: {kubernetes: "1.36", topology: [acme.example/block, acme.example/rack, kubernetes.io/hostname]}
  poolLabel: acme.example/pool
  nodePools:
    train:
      nodes: 16
      machine: {cpu: 192, memory: 2Ti}
      taints: [nvidia.com/gpu=true:NoSchedule]
      gpu: {product: H100-SXM5-80GB, count: 8}
      topology: {acme.example/rack: 4, acme.example/block: 8}
    shared: {nodes: 2, gpu: {product: A10, count: 1, sharing: {timeSlicing: {gpu: 4}}}}
"""
OPEN = "policy: {admission: false}\n"
KUEUE = "queueing: {kueue: {}}\n"
EVERY = "[" + ", ".join(workload_names()) + "]"


def samples(rest: str) -> dict[str, Sample]:
    """The workloads of a blueprint, by kind and pool; an error fails the test."""
    found = of(rest)
    assert found.bundle is not None, [each.message for each in found.diagnostics]
    assert found.platform is not None
    return {f"{each.kind.name} {each.target}": each for each in found.platform.workloads.samples}


def of(rest: str) -> Compilation:
    return compiled(HEAD + indent(rest, "  "))


def tenant(quota: str, workloads: str) -> str:
    return f"{KUEUE}tenants: {{a: {{namespaces: [a], quota: {quota}, workloads: {workloads}}}}}\n"


def test_a_training_takes_two_whole_nodes_where_the_quota_suffices() -> None:
    found = samples(tenant("{train: 64}", "[train-job]"))["train-job train"]
    assert (found.size.pods, found.size.units) == (2, 8)
    assert found.devices == {"nvidia.com/gpu": "8"}


def test_it_is_smaller_where_the_quota_is() -> None:
    found = samples(tenant("{train: 6}", "[train-job, vllm-multinode]"))
    assert found["train-job train"].size.units == 3
    assert found["vllm-multinode train"].size.units == 2, "attention heads are divided by a power of two"


def test_its_own_quota_is_used_before_what_it_can_borrow() -> None:
    rest = f"""{KUEUE}tenants:
  g: {{quota: {{train: 16}}}}
  a: {{parent: g, namespaces: [a], quota: {{train: 4}}, workloads: [train-job]}}
  b: {{parent: g, namespaces: [b], quota: {{train: 1}}, workloads: [train-job]}}
"""
    found = of(rest).platform
    assert found is not None
    assert {each.tenant: each.size.units for each in found.workloads.samples} == {"a": 2, "b": 8}


def test_processors_and_memory_are_a_part_of_the_node_s() -> None:
    found = samples(tenant("{train: 64}", "[gpu-job]"))["gpu-job train"]
    assert (found.size.cpu, found.memory, found.shared_memory) == (16, "128Gi", "32Gi")


def test_a_quota_of_processors_and_memory_holds_for_all_pods() -> None:
    found = samples(tenant("{train: {gpu: 16, cpu: 34, memory: 40Gi}}", "[ray-job]"))["ray-job train"]
    assert (found.size.pods, found.size.cpu, found.size.memory) == (2, 15, 15), "the head and the submitter count too"


def test_a_share_of_a_gpu_is_not_taken_for_a_whole_one() -> None:
    found = samples(tenant("{shared: 8}", "[vllm, ray-cluster]"))
    assert found["vllm shared"].shared_by == 4
    assert (found["ray-cluster shared"].size.pods, found["ray-cluster shared"].size.units) == (2, 1)


def test_pods_on_several_nodes_stay_within_the_narrowest_level_that_holds_them() -> None:
    found = samples(tenant("{train: 128}", "[train-job, gpu-job]"))
    level = found["train-job train"].level
    assert level is not None
    assert (level.label, level.required) == ("acme.example/rack", True)
    assert found["gpu-job train"].level is None, "one pod is near itself"


def test_a_queue_brings_tolerations_and_without_one_they_are_in_the_pods() -> None:
    assert samples(tenant("{train: 8}", "[gpu-job]"))["gpu-job train"].tolerations == ()
    without = samples(f"{OPEN}tenants: {{a: {{namespaces: [a], workloads: [gpu-job]}}}}\n")["gpu-job train"]
    assert [each.key for each in without.tolerations] == ["nvidia.com/gpu"]
    assert without.queue is None


def test_a_server_has_less_time_than_kueue_gives_it() -> None:
    rest = "queueing: {kueue: {podsReadyTimeout: 20m}}\n" + tenant("{train: 8}", "[vllm]").removeprefix(KUEUE)
    assert samples(rest)["vllm train"].startup_seconds == 1080
    assert samples(tenant("{train: 8}", "[vllm]"))["vllm train"].startup_seconds == 1620


def test_names_leave_room_for_what_controllers_append() -> None:
    pool = "a-pool-of-a-name-as-long-as-any-may-be"
    rest = HEAD.replace("    shared:", f"    {pool}:") + indent(tenant(f"{{{pool}: 8}}", "[gpu-job, vllm]"), "  ")
    found = compiled(rest).platform
    assert found is not None
    names = [each.name for each in found.workloads.samples]
    assert all(len(name) <= 40 and not name.endswith("-") for name in names)
    assert len(set(names)) == len(names) == 2


@pytest.mark.parametrize(
    ("rest", "code"),
    [
        (tenant("{train: 8}", "[vllm, gpu-job, vllm]"), "BP3662"),
        ("queueing: {kueue: {podsReadyTimeout: 5m}}\n" + tenant("{train: 8}", "[vllm]").removeprefix(KUEUE), "BP3664"),
        (f"{OPEN}tenants: {{a: {{namespaces: [a], workloads: [train-job]}}}}\n", "BP3665"),
        (
            f"{KUEUE}tenants: {{g: {{workloads: [vllm]}}, a: {{parent: g, namespaces: [a], quota: {{train: 8}}}}}}\n",
            "BP3429",
        ),
    ],
)
def test_what_is_warned_of_is_compiled_all_the_same(rest: str, code: str) -> None:
    found = of(rest)
    assert [each.code.id for each in found.diagnostics if each.code.id != "BP3422"] == [code]
    assert found.bundle is not None
    [told] = [each for each in found.diagnostics if each.code.id == code]
    assert told.at is not None
    assert told.help


def test_a_quota_with_a_finding_of_its_own_is_the_only_one() -> None:
    found = of(tenant("{nowhere: 8}", "[gpu-job]"))
    assert [each.code.id for each in found.diagnostics] == ["BP3425"]


def test_taints_are_closed_to_a_tenant_without_quota() -> None:
    """The policies of tenants would reject its pods."""
    found = of(f"{KUEUE}tenants: {{a: {{namespaces: [a], workloads: [train-job]}}}}\n")
    [diagnostic] = [each for each in found.diagnostics if each.code.id == "BP3661"]
    assert any("without a quota of the pool from tolerating its taints" in note.message for note in diagnostic.notes)


def test_without_queueing_no_taint_is_closed() -> None:
    """There are no quotas that a tenant could lack."""
    assert set(samples("tenants: {a: {namespaces: [a], workloads: [train-job]}}\n")) == {"train-job train"}


def test_a_plan_gives_workloads_to_those_that_follow_it() -> None:
    rest = f"""{KUEUE}plans: {{lab: {{namespaces: ["${{tenant}}"], quota: {{train: 8}}, workloads: [gpu-job]}}}}
tenants: {{a: {{plan: lab}}, b: {{plan: lab, workloads: [vllm]}}}}
"""
    found = of(rest).platform
    assert found is not None
    assert {each.tenant: each.kind.name for each in found.workloads.samples} == {"a": "gpu-job", "b": "vllm"}


AMOUNTS = st.one_of(st.integers(1, 128), st.integers(1, 4))


@settings(max_examples=25, deadline=None)
@given(
    gpus=AMOUNTS,
    cpu=st.none() | st.integers(1, 400),
    memory=st.none() | st.integers(1, 4096),
    borrow=st.none() | AMOUNTS,
)
def test_no_workload_is_larger_than_what_the_tenant_can_get(
    gpus: int, cpu: int | None, memory: int | None, borrow: int | None
) -> None:
    """Pods and the other requests of the kind, for every kind."""
    amounts = {"gpu": f"{{guaranteed: {gpus}" + (f", borrow: {borrow}}}" if borrow else "}")}
    amounts |= {"cpu": str(cpu)} if cpu else {}
    amounts |= {"memory": f"{memory}Gi"} if memory else {}
    quota = ", ".join(f"{name}: {amount}" for name, amount in amounts.items())
    rest = f"{KUEUE}tenants: {{g: {{}}, a: {{parent: g, namespaces: [a], quota: {{train: {{{quota}}}}}}}}}\n"
    platform = of(rest).platform
    assert platform is not None
    [mine] = platform.tenants.users
    lending = platform.tenants.lending
    for kind in map(workload_kind, workload_names()):
        for found in platform.workloads.candidates(mine, kind):
            if not isinstance(found, Sample):
                continue
            size, beside = found.size, found.kind.beside
            total = {
                "gpu": size.pods * size.units,
                "cpu": size.pods * size.cpu + (beside.cpu if beside else 0),
                "memory": (size.pods * size.memory + (beside.memory if beside else 0)) * 2**30,
            }
            for name in amounts:
                assert total[name] <= lending.obtainable(mine, "train", name), (kind.name, name)
            assert size.units <= int(quantity_value(found.pool.offered["gpu"].amount or "0"))


def test_every_kind_has_what_a_reader_looks_for() -> None:
    folders = {file.parent.name for file in Path(data_folder("workloads")).glob("*/templates.yaml")}
    assert folders == set(workload_names())
    for kind in map(workload_kind, workload_names()):
        assert kind.sources
        assert kind.image.tag != "latest"
        assert kind.framework
    assert NODE_RESOURCES == ("cpu", "memory"), "the sizes know these two"


def test_a_confidential_machine_gets_one_gpu_or_all_of_a_node() -> None:
    """Pods name the RuntimeClass; a TrainJob cannot, so it is not created for such a pool."""
    platform = compile_blueprint("examples/hospital-kata/blueprint.yaml").platform
    assert platform is not None
    found = [
        (kind.name, each)
        for mine in platform.tenants.users
        for kind in map(workload_kind, workload_names())
        for each in platform.workloads.candidates(mine, kind)
    ]
    sealed = [each for _, each in found if isinstance(each, Sample) and each.pool.name == "patients"]
    assert sealed
    assert {each.size.units for each in sealed} <= {1, 8}
    assert all((each.runtime_class or "").startswith("kata-") for each in sealed)
    assert {type(each) for name, each in found if name == "train-job" and _pool(each) == "patients"} == {Misfit}


def _pool(found: Sample | Misfit) -> str:
    return found.pool if isinstance(found, Misfit) else found.pool.name
