"""Field ownership read from managedFields, and field names as the server spells them."""

from __future__ import annotations

import pytest

from blueprint.apiserver.managed_fields import (
    content,
    content_hash,
    fieldset_hash,
    find_spelt,
    has_foreign_fields,
    leaves,
    mismatches,
    own_entry,
    resolve,
    server_spelling,
    value_at,
)
from blueprint.changes.compare import ABSENT
from blueprint.cluster.server_paths import field_of_type_error, follow

PORT = 'k:{"port":80,"protocol":"TCP"}'
TREE = {
    "f:metadata": {"f:annotations": {".": {}, "f:ex.io/x.y": {}}},
    "f:spec": {"f:ports": {".": {}, PORT: {".": {}, "f:port": {}, "f:name": {}}}, "f:selector": {}},
}
LIVE = {
    "apiVersion": "v1",
    "kind": "Service",
    "metadata": {
        "name": "s",
        "uid": "u",
        "resourceVersion": "7",
        "generation": 2,
        "annotations": {"ex.io/x.y": "1"},
        "managedFields": [
            {"manager": "blueprint:p", "operation": "Apply", "time": "2026-11-21T10:00:00Z", "fieldsV1": TREE}
        ],
    },
    "spec": {
        "ports": [{"port": 443, "protocol": "TCP"}, {"port": 80, "protocol": "TCP", "name": "http"}],
        "selector": {"app": "x"},
    },
    "status": {"loadBalancer": {}},
}
NAME = ("f:spec", "f:ports", PORT, "f:name")


def test_leaves_are_scalars_and_what_is_owned_as_one_piece() -> None:
    assert set(leaves(TREE)) == {
        ("f:metadata", "f:annotations", "f:ex.io/x.y"),
        ("f:spec", "f:ports", PORT, "f:port"),
        NAME,
        ("f:spec", "f:selector"),
    }


def test_a_list_item_is_found_by_its_keys_not_by_its_place() -> None:
    assert resolve(NAME, LIVE) == ("spec", "ports", 1, "name")
    assert value_at(NAME, LIVE) == "http"
    assert value_at(("f:spec", "f:nothing"), LIVE) is ABSENT


def test_items_of_sets_and_indices_are_found() -> None:
    data = {"spec": {"finalizers": ["a", "b"], "rows": [1, 2]}}
    assert resolve(("f:spec", "f:finalizers", 'v:"b"'), data) == ("spec", "finalizers", 1)
    assert resolve(("f:spec", "f:rows", "i:1"), data) == ("spec", "rows", 1)
    assert resolve(("f:spec", "f:rows", "i:2"), data) is None


@pytest.mark.parametrize(
    ("tokens", "text"),
    [
        (NAME, '.spec.ports[port=80,protocol="TCP"].name'),
        (("f:metadata", "f:annotations", "f:ex.io/x.y"), ".metadata.annotations.ex.io/x.y"),
        (("f:metadata", "f:finalizers", 'v:"a"'), '.metadata.finalizers[="a"]'),
    ],
)
def test_fields_are_spelt_as_in_conflict_messages(tokens, text) -> None:
    assert server_spelling(tokens) == text


def test_a_conflict_message_with_dots_in_a_key_finds_its_field() -> None:
    found = find_spelt(LIVE, ".metadata.annotations.ex.io/x.y")
    assert found is not None
    assert resolve(found[0], LIVE) == ("metadata", "annotations", "ex.io/x.y")
    assert find_spelt(LIVE, ".spec.replicas") is None


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ('.spec.ports[port=80,protocol="TCP"].name', ("spec", "ports", 1, "name")),
        ("spec.ports[0].port", ("spec", "ports", 0, "port")),
        (".metadata.annotations.ex.io/x.y", ("metadata", "annotations", "ex.io/x.y")),
        ("metadata.annotations[ex.io/x.y]", ("metadata", "annotations", "ex.io/x.y")),
        ("spec.ports[9].port", ("spec", "ports")),
        ("spec.nothing.here", ("spec",)),
        ("spec.ports[port=", ("spec", "ports")),
        ("", ()),
    ],
)
def test_a_spelling_is_followed_as_far_as_the_object_goes(text, path) -> None:
    assert follow(text, LIVE) == path


def test_the_field_of_a_type_error_is_found_in_its_sentence() -> None:
    said = 'failed to create typed patch object (n/x; apps/v1, Kind=Deployment): .spec.a[name="b"].c: expected string'
    assert field_of_type_error(said) == '.spec.a[name="b"].c'
    assert field_of_type_error("something else") is None


def test_content_is_what_was_declared_and_not_what_the_server_maintains() -> None:
    said = content(LIVE)
    assert "status" not in said
    assert set(said["metadata"]) == {"name", "annotations"}


@pytest.mark.parametrize(
    ("change", "same"),
    [
        (lambda o: o["status"].update(x=1), True),
        (lambda o: o["metadata"].update(resourceVersion="8", generation=3), True),
        (lambda o: o["metadata"].update(labels={"a": "b"}), False),
        (lambda o: o["metadata"].update(ownerReferences=[{"name": "x"}]), False),
        (lambda o: o["metadata"].update(deletionTimestamp="2026"), False),
        (lambda o: o["spec"].update(hostNetwork=True), False),
    ],
)
def test_the_content_hash_changes_with_content_only(change, same) -> None:
    import copy

    other = copy.deepcopy(LIVE)
    change(other)
    assert (content_hash(other) == content_hash(LIVE)) is same


def test_the_fieldset_hash_does_not_depend_on_order() -> None:
    turned = {"f:spec": dict(reversed(TREE["f:spec"].items())), "f:metadata": TREE["f:metadata"]}
    assert fieldset_hash(turned) == fieldset_hash(TREE)
    assert fieldset_hash({"f:spec": {}}) != fieldset_hash(TREE)


def test_only_our_own_apply_is_our_entry() -> None:
    assert own_entry(LIVE, "blueprint:p") is not None
    assert own_entry(LIVE, "blueprint:q") is None
    update = {"metadata": {"managedFields": [{"manager": "blueprint:p", "operation": "Update", "fieldsV1": TREE}]}}
    assert own_entry(update, "blueprint:p") is None


def test_values_are_compared_at_our_fields_only_and_atomic_ones_whole() -> None:
    import copy

    have = copy.deepcopy(LIVE)
    have["spec"]["externalName"] = "not ours"
    have["spec"]["ports"].reverse()
    assert list(mismatches(TREE, LIVE, have)) == []
    have["spec"]["selector"]["added"] = "x"
    have["spec"]["ports"][0]["name"] = "other"
    assert set(mismatches(TREE, LIVE, have)) == {NAME, ("f:spec", "f:selector")}


def test_what_others_own_is_foreign_unless_we_own_it_too_or_it_is_status() -> None:
    import copy

    def with_entry(**entry) -> dict:
        other = copy.deepcopy(LIVE)
        other["metadata"]["managedFields"].append({"manager": "m", "operation": "Update", **entry})
        return other

    assert not has_foreign_fields(LIVE, "blueprint:p")
    assert not has_foreign_fields(with_entry(fieldsV1={"f:spec": {"f:selector": {}}}), "blueprint:p")
    assert not has_foreign_fields(with_entry(fieldsV1={"f:status": {"f:x": {}}}), "blueprint:p")
    assert not has_foreign_fields(with_entry(subresource="status", fieldsV1={"f:metadata": {"f:x": {}}}), "blueprint:p")
    assert has_foreign_fields(with_entry(fieldsV1={"f:spec": {"f:hostNetwork": {}}}), "blueprint:p")
