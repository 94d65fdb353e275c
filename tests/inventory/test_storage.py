"""The record in the cluster: ApplySet-compatible, intact or damaged, ours or foreign, small or large."""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
import uuid

import pytest

from blueprint.apiserver.errors import ApiError
from blueprint.bundle.model import ObjectId
from blueprint.changes.compare import Action
from blueprint.cluster.plan import make_plan
from blueprint.diagnostics import Refused
from blueprint.inventory.membership import NAMESPACE, PART_OF, applyset_id, parent_name
from blueprint.inventory.model import Inventory, Member, Snapshot
from blueprint.inventory.storage import read_inventory, write_inventory
from blueprint.records import replace
from tests.support.bundles import actions, apply, bundle, codes, config_map, definition, namespace, widget

CONFIG_MAPS = f"/api/v1/namespaces/{NAMESPACE}/configmaps"


def parent(cluster, name: str) -> dict:
    return cluster.get(f"{CONFIG_MAPS}/{parent_name(name)}")


def large(name: str, count: int) -> Inventory:
    def snapshot() -> Snapshot:
        hashes = (secrets.token_hex(12) for _ in range(3))
        return Snapshot(str(uuid.uuid4()), str(secrets.randbelow(10**7)), *hashes, time="2026-11-21T10:00:00Z")

    ids = [ObjectId("apps", "Deployment", f"ns-{i % 40}", f"workload-{i}") for i in range(count)]
    return Inventory(name, members={i: Member(i, "apps/v1", snapshot()) for i in ids}, tool="1.0")


def test_there_is_none_before_the_first_apply(cluster, unique) -> None:
    assert read_inventory(cluster, unique) is None


def test_it_is_an_applyset_parent_as_kep_3659_says(cluster, unique) -> None:
    group = f"{unique}.example.com"
    apply(bundle(unique, namespace(unique), definition(group), config_map(unique), widget(group)), cluster)
    meta = parent(cluster, unique)["metadata"]
    seed = f"blueprint-{unique}.{NAMESPACE}.ConfigMap."
    identity = base64.urlsafe_b64encode(hashlib.sha256(seed.encode()).digest()).decode().rstrip("=")
    kinds = f"ConfigMap,CustomResourceDefinition.apiextensions.k8s.io,Namespace,Widget.{group}"

    assert meta["labels"]["applyset.kubernetes.io/id"] == f"applyset-{identity}-v1"
    assert meta["annotations"]["applyset.kubernetes.io/contains-group-kinds"] == kinds
    assert meta["annotations"]["applyset.kubernetes.io/additional-namespaces"] == unique
    assert re.fullmatch(r"blueprint/v\d+\.\d+\.\d+.*", meta["annotations"]["applyset.kubernetes.io/tooling"])
    member = cluster.get(f"/api/v1/namespaces/{unique}/configmaps/settings")
    assert member["metadata"]["labels"][PART_OF] == f"applyset-{identity}-v1"


def test_it_contains_what_was_applied_and_how_each_object_looked(cluster, namespace, unique) -> None:
    apply(bundle(unique, config_map(namespace), digest="abc"), cluster)
    record = read_inventory(cluster, unique)
    live = cluster.get(f"/api/v1/namespaces/{namespace}/configmaps/settings")
    assert record is not None
    assert (record.digest, record.release, record.version) == ("abc", "2026.11", "1.0.0")
    assert record.server == cluster.version
    [member] = record.members.values()
    assert member.snapshot is not None
    assert member.snapshot.uid == live["metadata"]["uid"]
    assert member.snapshot.resource_version == live["metadata"]["resourceVersion"]
    assert member.snapshot.adjusted == {}


def test_a_value_that_the_server_stores_in_another_form_is_recorded(cluster, namespace, unique) -> None:
    from tests.support.bundles import deployment

    data = deployment(namespace)
    data["spec"]["template"]["spec"]["containers"][0]["resources"] = {"limits": {"cpu": "1000m"}}
    apply(bundle(unique, data), cluster)
    record = read_inventory(cluster, unique)
    assert record is not None
    [member] = record.members.values()
    assert member.snapshot is not None
    field = '.spec.template.spec.containers[name="main"].resources.limits.cpu'
    assert dict(member.snapshot.adjusted) == {field: "1"}


def test_it_survives_writing_and_reading(cluster, unique) -> None:
    record = write_inventory(cluster, large(unique, 5))
    assert read_inventory(cluster, unique) == record


def test_ten_thousand_objects_fit_in_parts_that_are_replaced_whole(cluster, unique) -> None:
    record = write_inventory(cluster, large(unique, 10_000))
    assert len(record.stored) == 3
    assert read_inventory(cluster, unique) == record

    smaller = write_inventory(cluster, replace(record, members=large(unique, 10).members))
    assert read_inventory(cluster, unique) == smaller
    left = [c["metadata"]["name"] for c in cluster.list(CONFIG_MAPS, f"gpublueprint.dev/record-of={unique}")]
    assert left == []


def test_two_writers_do_not_overwrite_each_other(cluster, unique) -> None:
    record = write_inventory(cluster, large(unique, 1))
    write_inventory(cluster, replace(record, version="2"))
    with pytest.raises(ApiError) as caught:
        write_inventory(cluster, replace(record, version="3"))
    assert caught.value.stale
    with pytest.raises(ApiError):
        write_inventory(cluster, large(unique, 1))


def test_an_apply_beside_another_says_so(cluster, namespace, unique, monkeypatch) -> None:
    wanted = bundle(unique, config_map(namespace))
    plan = make_plan(wanted, cluster)
    apply(bundle(unique, config_map(namespace, "other")), cluster)
    from blueprint.cluster.apply import ApplyOptions, apply_plan

    with pytest.raises(Refused) as caught:
        apply_plan(plan, cluster, ApplyOptions(5))
    assert codes(caught.value) == ["inventory-moved"]
    with pytest.raises(ApiError):
        cluster.get(f"/api/v1/namespaces/{namespace}/configmaps/settings")


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        ({"data": {"record.json": "not json"}}, "line 1"),
        ({"data": {"record.json": "[]"}}, ""),
        ({"data": {"record.json": None}}, "it has no 'data'"),
        ({"binaryData": {"members": base64.b64encode(b"x").decode()}}, "checksum"),
        ({"binaryData": {"members": None}}, ""),
    ],
)
def test_a_damaged_record_is_refused_with_its_name(damage, words, cluster, namespace, unique) -> None:
    wanted = bundle(unique, config_map(namespace))
    apply(wanted, cluster)
    cluster.patch(f"{CONFIG_MAPS}/{parent_name(unique)}", damage, "somebody")
    with pytest.raises(Refused) as caught:
        make_plan(wanted, cluster)
    assert (caught.value.exit_code, codes(caught.value)) == (2, ["inventory-damaged"])
    assert parent_name(unique) in caught.value.diagnostics[0].message
    assert words in caught.value.diagnostics[0].message


def test_a_missing_part_is_damage(cluster, unique) -> None:
    record = write_inventory(cluster, large(unique, 4000))
    cluster.delete(f"{CONFIG_MAPS}/{record.stored[0]}")
    with pytest.raises(Refused) as caught:
        read_inventory(cluster, unique)
    assert "is missing" in caught.value.diagnostics[0].message


def test_a_configmap_of_another_owner_is_left_alone(cluster, namespace, unique) -> None:
    apply(bundle(f"{unique}-other", config_map(namespace)), cluster)
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": parent_name(unique)}, "data": {"a": "b"}}
    cluster.post(CONFIG_MAPS, body, "somebody")
    with pytest.raises(Refused) as caught:
        apply(bundle(unique, config_map(namespace)), cluster)
    assert codes(caught.value) == ["inventory-foreign"]
    assert parent(cluster, unique)["data"] == {"a": "b"}


def test_a_lost_record_is_written_again_without_writing_objects(cluster, namespace, unique) -> None:
    wanted = bundle(unique, config_map(namespace))
    apply(wanted, cluster)
    path = f"/api/v1/namespaces/{namespace}/configmaps/settings"
    before = cluster.get(path)["metadata"]["resourceVersion"]
    cluster.delete(f"{CONFIG_MAPS}/{parent_name(unique)}")
    outcome = apply(wanted, cluster)
    assert (outcome.written, outcome.exit_code) == (0, 0)
    assert cluster.get(path)["metadata"]["resourceVersion"] == before
    record = read_inventory(cluster, unique)
    assert record is not None
    assert len(record.members) == 1


def test_after_a_lost_record_leftovers_are_known_by_label_and_manager_together(cluster, namespace, unique) -> None:
    apply(bundle(unique, config_map(namespace), config_map(namespace, "old")), cluster)
    cluster.delete(f"{CONFIG_MAPS}/{parent_name(unique)}")
    forged = config_map(namespace, "forged")
    forged["metadata"]["labels"] = {PART_OF: applyset_id(unique)}
    cluster.post(f"/api/v1/namespaces/{namespace}/configmaps", forged, "somebody")
    plan = make_plan(bundle(unique, config_map(namespace)), cluster)
    assert [m.id.name for m in plan.leftovers] == ["old"]


def test_a_forged_entry_does_not_make_an_object_of_others_ours(cluster, namespace, unique) -> None:
    cluster.post(f"/api/v1/namespaces/{namespace}/configmaps", config_map(namespace, "theirs"), "somebody")
    apply(bundle(unique, config_map(namespace)), cluster)
    record = read_inventory(cluster, unique)
    assert record is not None
    forged = ObjectId("", "ConfigMap", namespace, "theirs")
    write_inventory(cluster, replace(record, members={**record.members, forged: Member(forged, "v1")}))
    plan = make_plan(bundle(unique, config_map(namespace)), cluster)
    assert plan.leftovers == ()


def test_a_stripped_label_is_put_back(cluster, namespace, unique) -> None:
    wanted = bundle(unique, config_map(namespace))
    apply(wanted, cluster)
    path = f"/api/v1/namespaces/{namespace}/configmaps/settings"
    cluster.patch(path, {"metadata": {"labels": {PART_OF: None}}}, "somebody")
    assert actions(wanted, cluster) == [Action.UPDATE]
    apply(wanted, cluster)
    assert cluster.get(path)["metadata"]["labels"][PART_OF] == applyset_id(unique)
