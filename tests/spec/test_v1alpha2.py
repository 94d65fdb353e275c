"""Shorter forms in v1alpha2: defaults and a label for all pools, short forms, two keys for the stack."""

from __future__ import annotations

from typing import Any

import pytest
from jsonschema import Draft202012Validator

from blueprint.catalog.catalog import load_catalog
from blueprint.diagnostics import Diagnostic, Severity
from blueprint.pipeline import Compilation, compile_blueprint
from blueprint.report.topics.fields import fields_of
from blueprint.source.files import MemoryFiles
from blueprint.spec.schema import json_schema

FILE = "blueprint.yaml"
HEAD = """\
apiVersion: gpublueprint.dev/v1alpha2
kind: Blueprint
metadata: {name: new}
"""
GIVEN = {"*", "spec", "metadata"}
"""Containers and keys that users choose: their contents have examples."""
DESKTOP = ("GB10",)
"""Products that no cloud has."""
H100 = "gpu: {product: H100-SXM5-80GB, count: 8}"
HOSTED = f"{H100}, owner: {{driver: host, toolkit: host}}"


def compiled(
    spec: str, *, cluster: str = "", extends: str = "", sets: tuple[str, ...] = (), **files: str
) -> Compilation:
    text = HEAD + extends + f'spec:\n  release: "2026.11"\n  cluster: {{kubernetes: "1.35"{cluster}}}\n{spec}'
    others = {
        f"{name}.yaml": f"apiVersion: gpublueprint.dev/v1alpha2\nkind: Overlay\n{body}" for name, body in files.items()
    }
    return compile_blueprint(FILE, files=MemoryFiles({FILE: text, **others}), sets=sets)


def wrong(done: Compilation) -> list[Diagnostic]:
    return [each for each in done.diagnostics if each.severity is Severity.ERROR]


def pool(done: Compilation, name: str = "train") -> Any:
    assert done.platform, [each.message for each in done.diagnostics]
    return done.platform.declared_pools[name]


def taints(done: Compilation, name: str = "train") -> list[str]:
    return [f"{each.key}={each.value}:{each.effect}" for each in pool(done, name).taints]


# pools are identified by a label


def test_a_pool_is_selected_by_the_pool_label() -> None:
    done = compiled(
        f"  poolLabel: acme.example/pool\n  nodePools:\n    train: {{nodes: 1, {H100}}}\n    system: {{nodes: 3}}\n"
    )
    assert not wrong(done)
    assert pool(done).selector == {"acme.example/pool": "train"}
    assert pool(done, "system").selector == {"acme.example/pool": "system"}


def test_its_own_selector_takes_precedence() -> None:
    done = compiled(f"  poolLabel: a/b\n  nodePools: {{train: {{nodes: 1, selector: {{c: d}}, {H100}}}}}\n")
    assert pool(done).selector == {"c": "d"}


@pytest.mark.parametrize(
    ("cloud", "label"),
    [
        ("eks", "eks.amazonaws.com/nodegroup"),
        ("gke", "cloud.google.com/gke-nodepool"),
        ("aks", "kubernetes.azure.com/agentpool"),
    ],
)
def test_a_cloud_has_a_label_of_its_own_and_labels_its_nodes(cloud: str, label: str) -> None:
    done = compiled(f"  nodePools: {{train: {{nodes: 1, {H100}}}}}\n", cluster=f", distribution: {cloud}")
    assert pool(done).selector == {label: "train"}
    assert done.platform
    assert done.platform.node_labels == "provisioner"


@pytest.mark.parametrize("cloud", ["vanilla", "rke2", "k3s", "microk8s", "openshift"])
def test_elsewhere_apply_labels_nodes_and_the_pool_label_must_be_set(cloud: str) -> None:
    kubernetes = "1.34" if cloud == "openshift" else "1.35"
    spec = f"  nodePools:\n    train: {{nodes: 1, {H100}}}\n"
    done = compiled(spec, cluster=f", distribution: {cloud}", sets=(f'spec.cluster.kubernetes="{kubernetes}"',))
    [found] = wrong(done)
    assert (found.code.id, found.path, found.at.line if found.at else 0) == ("BP3158", "spec.nodePools.train", 8)
    assert "spec.poolLabel" in (found.help or "")
    assert done.platform is None or done.platform.node_labels == "apply"


# defaults of all pools

SHARED = """\
  poolLabel: acme.example/pool
  poolDefaults:
    taints: [nvidia.com/gpu=true:NoSchedule]
    owner: {driver: host}
    driver: {branch: "580"}
"""


def test_defaults_are_merged_under_pools_with_gpus_and_keep_their_line() -> None:
    train = f"    train: {{nodes: 1, {H100}, driver: {{branch: '595'}}}}\n"
    done = compiled(f"{SHARED}  nodePools:\n{train}    lab: {{nodes: 1, {H100}}}\n    cpu: {{nodes: 1}}\n")
    assert not wrong(done)
    assert (pool(done).driver.branch, pool(done).driver.owner) == ("595", "host")
    assert (pool(done, "lab").driver.branch, taints(done, "lab")) == (
        "580",
        ["nvidia.com/gpu=true:NoSchedule"],
    )
    assert pool(done, "cpu").taints == ()
    assert done.platform
    source = done.platform.origins.source(("spec", "nodePools", "lab", "driver", "branch"))
    assert source.span.line == 11


def test_a_machine_with_gpus_gets_them_too() -> None:
    pools = (
        "  nodePools: {train: {nodes: 1, machine: {instanceType: p5.48xlarge}}, cpu: {nodes: 1, machine: {cpu: 4}}}\n"
    )
    done = compiled(SHARED.replace("host", "provider") + pools, cluster=", distribution: eks")
    assert pool(done).driver.branch == "580"
    assert pool(done, "cpu").taints == ()


def test_null_in_a_pool_removes_a_default() -> None:
    done = compiled(SHARED + f"  nodePools: {{train: {{nodes: 1, {H100}, taints: null, driver: {{branch: null}}}}}}\n")
    assert not wrong(done)
    assert pool(done).taints == ()
    assert pool(done).driver.declared.branch is None


def test_an_overlay_changes_a_default() -> None:
    done = compiled(
        SHARED + f"  nodePools: {{train: {{nodes: 1, {H100}}}}}\n",
        sets=("spec.poolDefaults.driver.branch=595",),
        extends="extends: [base.yaml]\n",
        base="spec: {poolDefaults: {expect: {ecc: true}}}\n",
    )
    assert (pool(done).driver.branch, pool(done).expect_ecc) == ("595", True)


def test_a_mistake_in_the_defaults_is_reported_once_where_it_is() -> None:
    shared = SHARED.replace('branch: "580"', "branch: 580, modules: open")
    pools = "".join(f"    p{number}: {{nodes: 1, {H100}}}\n" for number in range(9))
    found = wrong(compiled(shared + "  nodePools:\n" + pools))
    assert sorted((each.code.id, each.path) for each in found) == [
        ("BP2001", "spec.poolDefaults.driver.modules"),
        ("BP2004", "spec.poolDefaults.driver.branch"),
    ]


def test_what_defaults_lack_may_be_in_the_pools() -> None:
    shared = "  poolLabel: a/b\n  poolDefaults: {gpu: {sharing: {renameByDefault: true}}}\n"
    done = compiled(
        f"{shared}  nodePools: {{train: {{nodes: 1, gpu: {{product: L4, count: 1, sharing: {{timeSlicing: 4}}}}}}}}\n"
    )
    assert not wrong(done)
    lacking = wrong(compiled(f"{shared}  nodePools: {{train: {{nodes: 1, {H100}}}}}\n"))
    assert [(each.code.id, each.path) for each in lacking] == [("BP2009", "spec.nodePools.train.gpu.sharing")]


def test_defaults_of_no_pool_are_a_warning() -> None:
    done = compiled(SHARED + "  nodePools: {cpu: {nodes: 1}}\n")
    assert "BP3159" in [each.code.id for each in done.diagnostics]


@pytest.mark.parametrize("key", ["nodes: 4", "selector: {a: b}"])
def test_what_every_pool_says_itself_is_not_a_default(key: str) -> None:
    found = wrong(
        compiled(f"  poolLabel: a/b\n  poolDefaults: {{{key}}}\n  nodePools: {{train: {{nodes: 1, {H100}}}}}\n")
    )
    assert [(each.code.id, each.path) for each in found] == [("BP2001", f"spec.poolDefaults.{key.partition(':')[0]}")]
    assert "each pool" in (found[0].help or "")


# short forms


@pytest.mark.parametrize("owner", ["host", "provider"])
def test_one_owner_for_all_parts(owner: str) -> None:
    done = compiled(f"  poolLabel: a/b\n  nodePools: {{train: {{nodes: 1, {H100}, owner: {owner}}}}}\n")
    assert pool(done).declared_owners == (owner, owner, owner)
    assert done.platform
    assert done.platform.origins.source(("spec", "nodePools", "train", "owner", "toolkit")).span.line == 8


def test_a_part_replaces_one_of_the_owner_of_all() -> None:
    done = compiled(
        f"  poolLabel: a/b\n  nodePools: {{train: {{nodes: 1, {H100}, owner: {{devicePlugin: operator}}}}}}\n",
        extends="extends: [base.yaml]\n",
        base="spec: {nodePools: {train: {owner: host}}}\n",
    )
    assert pool(done).declared_owners == ("host", "host", "operator")


@pytest.mark.parametrize(
    ("owner", "said"), [("hots", "must be operator, host or provider"), ("[host]", "must be operator")]
)
def test_an_owner_of_neither_form_is_refused_with_both(owner: str, said: str) -> None:
    [found] = wrong(compiled(f"  poolLabel: a/b\n  nodePools: {{train: {{nodes: 1, {H100}, owner: {owner}}}}}\n"))
    assert (found.code.id, found.path) == ("BP2004", "spec.nodePools.train.owner")
    assert said in found.message
    assert "a mapping of driver, toolkit and devicePlugin" in found.message


def test_taints_as_kubectl_takes_them_merge_with_the_mapping() -> None:
    done = compiled(
        f"  poolLabel: a/b\n  nodePools: {{train: {{nodes: 1, {H100}, taints: [a=b:NoExecute, c:NoSchedule]}}}}\n",
        extends="extends: [base.yaml]\n",
        base='spec: {nodePools: {train: {taints: {a: "x:NoSchedule", d: ":NoSchedule"}}}}\n',
    )
    assert taints(done) == ["a=b:NoExecute", "c=:NoSchedule", "d=:NoSchedule"]


@pytest.mark.parametrize(
    ("taints", "code", "message"),
    [
        ("[a=b]", "BP2006", "spec.nodePools.train.taints: a=b is not a taint"),
        ("[a=b:Never]", "BP2006", "spec.nodePools.train.taints: a=b:Never is not a taint"),
        ("[{key: a}]", "BP2004", "spec.nodePools.train.taints: an entry of the list must be a string, not a mapping"),
        ("[a=b:NoSchedule, a=c:NoExecute]", "BP2009", "two taints in spec.nodePools.train.taints have the key a"),
    ],
)
def test_a_malformed_taint_is_reported_at_its_place_with_the_rest(taints: str, code: str, message: str) -> None:
    done = compiled(f"  poolLabel: a/b\n  nodePools:\n    train: {{nodes: 1, {H100}, taints: {taints}, expct: {{}}}}\n")
    found = wrong(done)
    assert sorted(each.code.id for each in found) == sorted([code, "BP2001"])
    [taint] = [each for each in found if each.code.id == code]
    assert taint.message == message
    assert taint.at
    assert taint.at.line == 9


# two keys


@pytest.mark.parametrize(
    ("said", "stack"),
    [
        ("", "clusterPolicy"),
        ("  gpuStack: operator\n", "clusterPolicy"),
        ("  allocation: dra\n", "gpuCluster"),
        ("  gpuStack: standalone\n", "standalone"),
        ("  gpuStack: standalone\n  allocation: devicePlugin\n", "standalone"),
        ("  gpuStack: standalone\n  allocation: dra\n", "standaloneDra"),
    ],
)
def test_the_stack_follows_from_two_answers(said: str, stack: str) -> None:
    done = compiled(f"{said}  poolLabel: a/b\n  nodePools: {{train: {{nodes: 1, {HOSTED}}}}}\n")
    assert not wrong(done)
    assert done.platform
    assert done.platform.stack == stack


@pytest.mark.parametrize(
    ("said", "own", "paths"),
    [
        ("", ", allocation: dra", ["spec.nodePools.train.allocation"]),
        ("  allocation: dra\n", ", allocation: devicePlugin", ["spec.nodePools.train.allocation"]),
        ("  gpuStack: standalone\n", ", allocation: dra", []),
        ("", ", allocation: devicePlugin", []),
    ],
)
def test_unsupported_combinations_are_rejected_with_the_alternatives(said: str, own: str, paths: list[str]) -> None:
    done = compiled(f"{said}  poolLabel: a/b\n  nodePools: {{train: {{nodes: 1, {HOSTED}{own}}}}}\n")
    found = [each for each in wrong(done) if each.code.id == "BP3157"]
    assert [each.path for each in found] == paths
    assert all(each.help for each in found)


@pytest.mark.parametrize(
    ("old", "fix", "way"),
    [("clusterPolicy", "operator", "allocation: devicePlugin"), ("gpuCluster", "operator", "allocation: dra")],
)
def test_names_of_the_earlier_version_say_what_they_are_now(old: str, fix: str, way: str) -> None:
    [found] = wrong(compiled(f"  gpuStack: {old}\n  poolLabel: a/b\n  nodePools: {{train: {{nodes: 1, {H100}}}}}\n"))
    assert (found.code.id, found.fix.replacement if found.fix else "") == ("BP2005", fix)
    assert way in (found.help or "")


def test_the_owner_of_the_driver_at_its_old_place_says_where_it_is_now() -> None:
    [found] = wrong(
        compiled(f"  poolLabel: a/b\n  nodePools: {{train: {{nodes: 1, {H100}, driver: {{owner: host}}}}}}\n")
    )
    assert (found.code.id, found.path) == ("BP2001", "spec.nodePools.train.driver.owner")
    assert "owner: {driver: host}" in (found.help or "")


# boards


def test_a_board_of_one_size_says_how_many() -> None:
    done = compiled("  poolLabel: a/b\n  nodePools:\n    train: {nodes: 1, gpu: {product: GB200}}\n")
    assert not wrong(done)
    assert pool(done).gpu.count == 4
    assert [each.path for each in done.diagnostics if each.code.id == "BP3181"] == ["spec.nodePools.train.gpu.product"]


def test_boards_of_several_sizes_say_nothing() -> None:
    [found] = wrong(compiled("  poolLabel: a/b\n  nodePools:\n    train: {nodes: 1, gpu: {product: H100-SXM5-80GB}}\n"))
    assert found.path == "spec.nodePools.train.gpu"


def test_every_machine_has_as_many_as_its_boards() -> None:
    catalog = load_catalog()
    boards = {name: gpu.board_gpus.value for name in catalog.products if (gpu := catalog.gpu(name)) and gpu.board_gpus}
    machines = [catalog.machine(name) for cloud in catalog.clouds for name in cloud.types]
    counted = [(each.product.value, each.gpus.value) for each in machines if each and each.product and each.gpus]
    seen = {product: {count for name, count in counted if name == product} for product in boards}
    assert seen == {product: {count} if product not in DESKTOP else set() for product, count in boards.items()}


# examples of fields


def test_every_field_that_a_list_of_values_does_not_describe_has_examples_that_are_valid() -> None:
    schema = json_schema()
    lacking, invalid = [], []
    for field in fields_of(schema):
        last = field.path.rpartition(".")[2]
        given = field.allowed or field.type in ("boolean", "any") or last in GIVEN or last.endswith("[]")
        if not field.examples and not given:
            lacking.append(field.path)
    for owner, properties in [
        ("", schema["properties"]),
        *((n, d.get("properties", {})) for n, d in schema["$defs"].items()),
    ]:
        for name, node in properties.items():
            for example in node.get("examples", ()):
                with_definitions = {"$defs": schema["$defs"], **node}
                invalid += [
                    f"{owner}.{name}: {each.message}"
                    for each in Draft202012Validator(with_definitions).iter_errors(example)
                ]
    assert (lacking, invalid) == ([], [])


def test_a_wrong_type_shows_an_example() -> None:
    [found] = wrong(compiled("  poolLabel: a/b\n  nodePools: {train: {nodes: 1, gpu: H100-SXM5-80GB}}\n"))
    assert "gpu: {product: H100-SXM5-80GB, count: 8}" in (found.help or "")
