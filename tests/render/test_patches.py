"""A patch changes one object, and every changed field records the line."""

from __future__ import annotations

from typing import Any

import pytest

from blueprint.bundle.model import FieldOrigin, Object
from blueprint.diagnostics import Span
from blueprint.platform.tracking.sources import Source
from blueprint.platform.tracking.tracked import Origins, track
from blueprint.render.patches import apply_patches
from blueprint.source.loader import load_text
from blueprint.source.merge import Layer, nodes_of
from blueprint.spec.components import Patch

TEMPLATE = Span("templates/a.yaml", 1, 1, 1, 2)
OLD = FieldOrigin(TEMPLATE, (Source("blueprint", Span("b.yaml", 1, 1, 1, 2), "spec.old"),))


class Component:
    """The parts of a component that patches need."""

    name = "c"

    def __init__(self, text: str) -> None:
        data = load_text(text, "b.yaml")
        inner = {"spec": {"components": {"c": {"patches": data.data}}}}
        self.origins = Origins(nodes_of(load_text(_indented(text), "b.yaml"), Layer("b.yaml", "blueprint", 0)))
        patches = inner["spec"]["components"]["c"]["patches"]
        self.patches = tuple(
            track(Patch.model_validate(patch), self.origins, ("spec", "components", "c", "patches", index))
            for index, patch in enumerate(patches)
        )


def _indented(text: str) -> str:
    return "spec: {components: {c: {patches: " + text.strip() + "}}}"


def config_map(name: str = "m", namespace: str = "n", **data: Any) -> Object:
    """A rendered ConfigMap all of whose fields come from the template."""
    obj = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": namespace}, "data": data}
    return Object(obj, "c", {(): OLD, ("data",): OLD, **{("data", key): OLD for key in data}})


def patched(text: str, *objects: Object) -> tuple[list[Object], list[str]]:
    """The objects after the patches, and the codes of the findings."""
    component: Any = Component(text)
    made, found = apply_patches(list(objects or (config_map(a="1", b="2"),)), component, component.origins)
    return made, [each.code.id for each in found]


TARGET = "target: {kind: ConfigMap, name: m}, reason: because"


def test_maps_merge_and_fields_keep_or_change_their_origin() -> None:
    [obj], found = patched(f"[{{{TARGET}, merge: {{data: {{a: x, c: w}}}}}}]")
    assert (obj.data["data"], found) == ({"a": "x", "b": "2", "c": "w"}, [])
    assert obj.origins[("data", "b")] == OLD
    origin = obj.origin(("data", "a"))
    assert origin
    paths = [source.path for source in origin.sources]
    at = "spec.components.c.patches[0]"
    assert paths[:2] == [f"{at}.merge.data.a", f"{at}.reason"]
    assert {*paths[2:]} == {f"{at}.target.kind", f"{at}.target.name", f"{at}.target.namespace"} & {*paths[2:]}
    assert {f"{at}.target.kind", f"{at}.target.name"} <= {*paths}
    assert {source.layer for source in origin.sources} == {"patch"}


def test_null_removes_and_what_is_left_remembers() -> None:
    [obj], _ = patched(f"[{{{TARGET}, merge: {{data: {{a: null}}}}}}]")
    assert obj.data["data"] == {"b": "2"}
    assert ("data", "a") not in obj.origins
    origin = obj.origins[("data",)]
    assert next(source.path for source in origin.sources) == "spec.components.c.patches[0].merge.data.a"
    assert "spec.old" in {source.path for source in origin.sources}


def test_lists_are_replaced_and_every_item_knows_its_line() -> None:
    [obj], _ = patched(f"[{{{TARGET}, merge: {{data: {{a: [{{k: v}}, w]}}}}}}]")
    assert obj.data["data"]["a"] == [{"k": "v"}, "w"]
    origin = obj.origin(("data", "a", 0, "k"))
    assert origin
    assert origin.sources[0].path == "spec.components.c.patches[0].merge.data.a[0].k"


def test_a_scalar_that_becomes_a_map_forgets_its_origin() -> None:
    [obj], _ = patched(f"[{{{TARGET}, merge: {{data: {{a: {{deep: er}}}}}}}}]")
    assert obj.data["data"]["a"] == {"deep": "er"}
    assert "spec.old" not in {source.path for source in obj.origins[("data", "a")].sources}


def test_patches_apply_in_order() -> None:
    [obj], _ = patched(f"[{{{TARGET}, merge: {{data: {{a: one}}}}}}, {{{TARGET}, merge: {{data: {{a: two}}}}}}]")
    assert obj.data["data"]["a"] == "two"


def test_the_order_in_which_a_patch_is_written_does_not_show() -> None:
    [one], _ = patched(f"[{{{TARGET}, merge: {{data: {{z: q, c: r}}}}}}]")
    [two], _ = patched(f"[{{{TARGET}, merge: {{data: {{c: r, z: q}}}}}}]")
    assert list(one.data["data"]) == list(two.data["data"])


@pytest.mark.parametrize(
    "field", ["apiVersion: v2", "kind: Secret", "metadata: {name: x}", "metadata: {namespace: null}"]
)
def test_identity_cannot_be_patched(field: str) -> None:
    before = config_map(a="1")
    [obj], found = patched(f"[{{{TARGET}, merge: {{{field}}}}}]", before)
    assert (obj, found) == (before, ["BP4003"])


def test_one_name_in_two_namespaces_needs_a_namespace() -> None:
    both = (config_map(namespace="n", a="1"), config_map(namespace="o", a="1"))
    merge = "merge: {data: {a: x}}"
    _, found = patched(f"[{{{TARGET}, {merge}}}]", *both)
    assert found == ["BP4002"]
    made, found = patched(f"[{{target: {{kind: ConfigMap, name: m, namespace: o}}, reason: because, {merge}}}]", *both)
    assert ([obj.data["data"]["a"] for obj in made], found) == (["1", "x"], [])
