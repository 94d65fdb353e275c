"""The stored content of an apply: enough to restore what was declared, without values of Secrets."""

from __future__ import annotations

import base64
import gzip
import hashlib
import secrets

import orjson
import pytest

from blueprint.apiserver.connection import Connection
from blueprint.bundle.model import Bundle, BundlePool, ObjectId, Taint
from blueprint.diagnostics import Refused
from blueprint.inventory.content import PART_SIZE, content_parts, parse_content, revision_of
from blueprint.inventory.membership import NAMESPACE, parent_name
from blueprint.inventory.model import Inventory
from blueprint.inventory.storage import read_content, read_inventory
from blueprint.inventory.update import HISTORY
from tests.support.bundles import apply, bundle, codes, config_map, namespace

CONFIG_MAPS = f"/api/v1/namespaces/{NAMESPACE}/configmaps"
PASSWORD = "correct horse battery staple"  # noqa: S105 - what must not be found


def secret(namespace: str, value: str = PASSWORD) -> dict:
    data = {"password": base64.b64encode(value.encode()).decode()}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "login", "namespace": namespace}, "data": data}


def recorded(cluster: Connection, name: str) -> Inventory:
    found = read_inventory(cluster, name)
    assert found is not None
    return found


def parts_in(cluster: Connection, name: str) -> set[str]:
    return {each["metadata"]["name"] for each in cluster.list(CONFIG_MAPS, f"gpublueprint.dev/record-of={name}")}


def manifests(found: Bundle) -> dict[ObjectId, dict]:
    return {obj.id: obj.data for obj in found.objects}


def test_a_bundle_comes_back_as_it_was_declared() -> None:
    taints = (Taint("nvidia.com/gpu", "present", "NoSchedule"),)
    pool = BundlePool("train", {"pool": "train"}, 1, 4, {"role": "train"}, taints, None, 0, {})
    declared = bundle("gpus", namespace("gpu"), config_map("gpu", text="grün"), pools=(pool,), cluster_uid="u1")
    revision = revision_of(declared)
    read = parse_content("gpus", revision, content_parts(declared, revision))
    assert read.bundle == declared
    assert read.redacted == frozenset()


def test_a_revision_is_named_for_its_content_alone() -> None:
    one = bundle("gpus", config_map("gpu"))
    assert revision_of(one).id == revision_of(bundle("gpus", config_map("gpu"), digest="d2", version="2")).id
    assert revision_of(one).id != revision_of(bundle("gpus", config_map("gpu", mode="lax"))).id
    assert revision_of(one).id != revision_of(bundle("gpus", config_map("gpu"), node_labels="provisioner")).id


def test_large_content_is_cut_into_pieces_that_fit_a_config_map() -> None:
    declared = bundle("gpus", *(config_map("gpu", f"m{i}", noise=secrets.token_hex(200_000)) for i in range(8)))
    revision = revision_of(declared)
    parts = content_parts(declared, revision)
    assert len(parts) > 1
    assert max(map(len, parts)) <= PART_SIZE
    assert manifests(parse_content("gpus", revision, parts).bundle) == manifests(declared)


def test_the_cluster_alone_says_what_was_applied(cluster, namespace, unique) -> None:
    declared = bundle(unique, config_map(namespace), config_map(namespace, "other"))
    apply(declared, cluster)
    inventory = recorded(cluster, unique)
    [revision] = inventory.revisions
    assert revision.complete
    assert {member.revision for member in inventory.members.values()} == {revision.id}
    assert manifests(read_content(cluster, unique, revision).bundle) == manifests(declared)


def test_values_of_secrets_are_nowhere_in_it(cluster, namespace, unique) -> None:
    apply(bundle(unique, secret(namespace)), cluster)
    inventory = recorded(cluster, unique)
    stored = [cluster.get(f"{CONFIG_MAPS}/{name}") for name in (parent_name(unique), *inventory.stored)]
    packed = [base64.b64decode(value) for each in stored for value in each["binaryData"].values()]
    texts = [gzip.decompress(each).decode() for each in packed] + [each.get("data", {}) for each in stored]
    for form in (PASSWORD, base64.b64encode(PASSWORD.encode()).decode()):
        assert form not in str(texts)
    content = read_content(cluster, unique, inventory.revisions[0])
    assert content.redacted == {ObjectId("", "Secret", namespace, "login")}
    [manifest] = manifests(content.bundle).values()
    assert manifest["data"]["password"].startswith("hmac-sha256:")


def test_the_last_revisions_stay_and_older_ones_go(cluster, namespace, unique) -> None:
    ids = []
    for number in range(HISTORY + 1):
        declared = bundle(unique, config_map(namespace, number=str(number)), digest=f"d{number}")
        ids.append(revision_of(declared).id)
        apply(declared, cluster)
    inventory = recorded(cluster, unique)
    assert [revision.id for revision in inventory.revisions] == ids[:0:-1]
    assert parts_in(cluster, unique) == set(inventory.stored)
    before = read_content(cluster, unique, inventory.revisions[1])
    [manifest] = manifests(before.bundle).values()
    assert manifest["data"] == {"number": str(HISTORY - 1)}


def test_what_was_applied_before_comes_first_again_without_being_stored_twice(cluster, namespace, unique) -> None:
    one, two = (bundle(unique, config_map(namespace, mode=mode), digest=mode) for mode in ("strict", "lax"))
    for declared in (one, two, one):
        apply(declared, cluster)
    inventory = recorded(cluster, unique)
    assert [revision.id for revision in inventory.revisions] == [revision_of(one).id, revision_of(two).id]
    assert len(parts_in(cluster, unique)) == 2


def test_of_an_apply_in_part_each_object_knows_the_revision_that_it_is_from(cluster, namespace, unique) -> None:
    good, bad = config_map(namespace), config_map(namespace, "bad")
    first = bundle(unique, good, bad, digest="d1")
    apply(first, cluster)
    refused = {**bad, "data": {"not a key": "x"}}
    second = bundle(unique, config_map(namespace, mode="lax"), refused, digest="d2")
    outcome = apply(second, cluster)
    assert outcome.exit_code == 1
    inventory = recorded(cluster, unique)
    from_revision = {identity.name: member.revision for identity, member in inventory.members.items()}
    assert from_revision == {"settings": revision_of(second).id, "bad": revision_of(first).id}
    assert [revision.complete for revision in inventory.revisions] == [False, True]


def test_an_apply_that_changes_nothing_writes_nothing(cluster, namespace, unique) -> None:
    declared = bundle(unique, config_map(namespace))
    apply(declared, cluster)
    before = recorded(cluster, unique).resource_version
    apply(declared, cluster)
    assert recorded(cluster, unique).resource_version == before


def test_an_inventory_of_an_earlier_version_is_read_and_gets_its_content_with_the_next_apply(
    cluster, namespace, unique
) -> None:
    declared = bundle(unique, config_map(namespace))
    apply(declared, cluster)
    path = f"{CONFIG_MAPS}/{parent_name(unique)}"
    parent = cluster.get(path)
    record = orjson.loads(parent["data"]["record.json"])
    rows = orjson.loads(gzip.decompress(base64.b64decode(parent["binaryData"]["members"])))
    members = gzip.compress(orjson.dumps([row[:6] for row in rows]))
    del record["revisions"]
    record["parts"][0]["sha256"] = hashlib.sha256(members).hexdigest()
    parent["data"]["record.json"] = orjson.dumps(record).decode()
    parent["binaryData"]["members"] = base64.b64encode(members).decode()
    cluster.put(path, parent, "earlier")
    assert recorded(cluster, unique).revisions == ()

    assert apply(declared, cluster).written == 0
    inventory = recorded(cluster, unique)
    assert manifests(read_content(cluster, unique, inventory.revisions[0]).bundle) == manifests(declared)


def test_damaged_content_is_refused(cluster, namespace, unique) -> None:
    apply(bundle(unique, config_map(namespace)), cluster)
    [revision] = recorded(cluster, unique).revisions
    cluster.delete(f"{CONFIG_MAPS}/{revision.parts[0].name}")
    with pytest.raises(Refused) as caught:
        read_content(cluster, unique, revision)
    assert codes(caught.value) == ["inventory-damaged"]
