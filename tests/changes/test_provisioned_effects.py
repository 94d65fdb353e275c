"""The effect of a change on Karpenter's nodes is reported for each pool: they are replaced, or they drift and stay."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from blueprint.catalog.component_files.effects import load_effects
from blueprint.changes.change import changed_objects
from blueprint.changes.compare import compare_objects
from blueprint.changes.effects import find_effects
from blueprint.changes.place_effects import pool_changes
from blueprint.diagnostics import Diagnostic
from blueprint.kubernetes.crds import load_crd
from tests.support.platforms import compiled

TEXT = (Path(__file__).parents[2] / "examples/eks-karpenter/blueprint.yaml").read_text("utf-8")
BATCH = "spec.nodePools.batch.karpenter"
NOT_DRIFTING = {
    "NodePool": {"disruption", "limits", "replicas", "weight"},
    "EC2NodeClass": {
        "connectionTracking",
        "context",
        "cpuOptions",
        "ipPrefixCount",
        "networkInterfaces",
        "placementGroupSelector",
    },
}
"""Fields that change only behaviour and, of node classes, those that are not hashed or that our sources do not list."""


def told(*sets: str, before: tuple[str, ...] = ()) -> list[Diagnostic]:
    """The effects of a change of the example on nodes."""
    old, new = (compiled(TEXT, sets=each).bundle for each in (before, (*before, *sets)))
    assert old
    assert new
    changes = compare_objects(old.objects, new.objects)
    changed = changed_objects(changes, {each.id: each.data for each in old.objects}, new.objects)
    return find_effects(changed, new.objects, new.pools, pool_changes(old.pools, new.pools))


def nodes(found: list[Diagnostic]) -> dict[str, tuple[str, str]]:
    """Code and message by NodePool."""
    codes = {"BP4540", "BP4541"}
    return {each.subject: (each.code.id, each.message) for each in found if each.code.id in codes}


def test_a_new_image_replaces_the_nodes_of_every_pool_of_the_node_class() -> None:
    """Nodes of pools that run jobs drift and stay: their budget does not allow the replacement of drifted nodes."""
    found = nodes(told("spec.karpenter.nodeClasses.gpu.image=al2023@v20261101"))
    assert {name: code for name, (code, _) in found.items()} == {
        "NodePool/batch": "BP4541", "NodePool/dev": "BP4540", "NodePool/train": "BP4541",
    }  # fmt: skip
    assert "pool dev (0 to 4 nodes) that no longer fit" in found["NodePool/dev"][1]
    assert "EC2NodeClass/gpu amiSelectorTerms[0].alias" in found["NodePool/dev"][1]


def test_all_changes_of_a_pool_are_one_finding_with_its_budget() -> None:
    sets = ("spec.karpenter.nodeClasses.gpu.rootVolume=400Gi", f"{BATCH}.instanceTypes=[g6e.12xlarge]")
    found = [each for each in told(*sets) if each.subject == "NodePool/batch"]
    assert len(found) == 1
    assert "blockDeviceMappings[0].ebs.volumeSize and NodePool/batch requirements" in found[0].message


@pytest.mark.parametrize(
    ("budgets", "words"),
    [
        ('[{nodes: "2", reasons: [drifted]}]', "2 at a time"),
        ('[{nodes: "10%"}, {nodes: "0", schedule: "0 9 * * mon-fri", duration: 8h}]', "0 at a time for 8h from 0 9"),
    ],
)
def test_the_budgets_of_drifted_nodes_are_reported(budgets: str, words: str) -> None:
    before = (f"{BATCH}.disruption={{budgets: {budgets}}}",)
    change = told("spec.nodePools.batch.taints=[a=b:NoSchedule]", before=before)
    found = [each for each in change if each.subject == "NodePool/batch"]
    assert [each.code.id for each in found] == ["BP4540"]
    assert any(words in note.message for note in found[0].notes)


@pytest.mark.parametrize(
    "change",
    [
        "spec.nodePools.batch.nodes={min: 0, max: 64}",
        f"{BATCH}.disruption={{after: 1h}}",
    ],
)
def test_limits_and_disruption_make_no_node_drift(change: str) -> None:
    assert nodes(told(change)) == {}


def test_no_node_drifts_by_further_instance_types_and_some_do_by_fewer() -> None:
    fewer, more = (f"{BATCH}.instanceTypes=[{names}]" for names in ("g6e.12xlarge", "g6e.12xlarge, g6e.24xlarge"))
    assert nodes(told(more, before=(fewer,))) == {}
    assert "that no longer fit" in nodes(told(fewer, before=(more,)))["NodePool/batch"][1]


def test_labels_and_taints_of_such_pools_are_reported_once() -> None:
    """Existing nodes get neither: they are replaced, or stay unchanged."""
    found = told("spec.nodePools.dev.taints=[a=b:NoExecute]")
    assert set(nodes(found)) == {"NodePool/dev"}
    assert not {each.code.slug for each in found} & {"taint-evicts", "placement-changes"}


def test_removing_a_node_pool_removes_its_nodes() -> None:
    without = TEXT.replace("batch: {guaranteed: 0, borrow: 64}", "").replace("batch: {guaranteed: 0}", "")
    without = without.replace("ml: {quota: {batch: 128}}", "ml: {}")
    start, end = without.index("    batch:\n"), without.index("    dev:\n")
    old, new = compiled(TEXT).bundle, compiled(without[:start] + without[end:]).bundle
    assert old
    assert new
    changes = compare_objects(old.objects, new.objects)
    changed = changed_objects(changes, {each.id: each.data for each in old.objects}, new.objects)
    found = nodes(find_effects(changed, new.objects, new.pools))
    assert found["NodePool/batch"][0] == "BP4540"
    assert "drains and removes the nodes" in found["NodePool/batch"][1]


@pytest.mark.parametrize(("kind", "group", "plural"), [
    ("NodePool", "karpenter.sh", "nodepools"), ("EC2NodeClass", "karpenter.k8s.aws", "ec2nodeclasses"),
])  # fmt: skip
def test_each_field_of_the_definitions_is_known_to_cause_drift_or_not(kind: str, group: str, plural: str) -> None:
    spec = _spec(group, plural)
    listed = [field.split(".")[1:] for table in load_effects() for each in table.effects if each.kind == kind
              for field in each.fields]  # fmt: skip
    drifting = {path[0] for path in listed}
    assert set(spec) - drifting == NOT_DRIFTING[kind] & set(spec)
    if kind == "NodePool":
        template = spec["template"]["properties"]["spec"]["properties"]
        assert {path[2] for path in listed if path[1:2] == ["spec"]} == set(template)


def _spec(group: str, plural: str) -> dict[str, Any]:
    version = next(each for each in load_crd(group, plural)["spec"]["versions"] if each["storage"])
    found: dict[str, Any] = version["schema"]["openAPIV3Schema"]["properties"]["spec"]["properties"]
    return found
