"""The definitions of a component's older version have every field that it renders; settings without a field are
rejected.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from blueprint.bundle.model import Object
from blueprint.catalog.catalog import load_catalog
from blueprint.catalog.components import Component
from blueprint.kubernetes.crds import load_crd
from blueprint.platform.model import Platform
from blueprint.source.paths import parse_path
from tests.components.test_spine_components import another

RELEASE, OPERATOR = "2026.06", "gpu-operator"
BLUEPRINT = """
apiVersion: gpublueprint.dev/v1alpha2
kind: Blueprint
metadata: {{name: demo}}
spec:
  release: "{release}"
  cluster: {{kubernetes: "1.34"}}
  components: {{gpu-operator: {{settings: {settings}}}}}
  nodePools:
    one: {{nodes: 1, selector: {{pool: one}}, gpu: {{product: H100-SXM5-80GB, count: 8}}, driver: {{branch: "580"}}}}
    two: {{nodes: 1, selector: {{pool: two}}, gpu: {{product: L4, count: 1}}}}
"""
APART = {"autoUpgrade", "dcgmExporter", "gfd", "migManager", "vfioManager", "kataDevicePlugin", "ccManager"}
"""Settings that are on by default: if they are off, the settings that depend on them would be mistakes."""


def earlier() -> Component:
    release = load_catalog().release(RELEASE)
    assert release
    found = load_catalog().component(OPERATOR, release.components[OPERATOR])
    assert found
    return found


def schema_of(kind: str, version: str) -> Mapping[str, Any]:
    """The schema of the kind's only version, as that version of the operator defines it."""
    plural = {"ClusterPolicy": "clusterpolicies", "NVIDIADriver": "nvidiadrivers"}[kind]
    [only] = load_crd("nvidia.com", plural, version)["spec"]["versions"]
    schema: Mapping[str, Any] = only["schema"]["openAPIV3Schema"]
    return schema


def unknown(value: Any, schema: Mapping[str, Any], at: str = "") -> Iterator[str]:
    """Fields that the schema does not have, which the API server would silently drop."""
    if isinstance(value, list):
        for item in value:
            yield from unknown(item, schema.get("items", {}), f"{at}[]")
    elif isinstance(value, Mapping) and "properties" in schema:
        for key, item in value.items():
            if key not in schema["properties"]:
                yield f"{at}.{key}"
            else:
                yield from unknown(item, schema["properties"][key], f"{at}.{key}")


def has(path: tuple[str | int, ...], schema: Mapping[str, Any]) -> bool:
    """Whether a schema has the field of a path; open maps and lists contain everything."""
    for step in path:
        if "properties" not in schema:
            return True
        if step not in schema["properties"]:
            return False
        schema = schema["properties"][step]
    return True


FEEDS = [
    pytest.param(name, feed.partition(": ")[2], id=f"{name} {feed.partition(': ')[2]}")
    for name, setting in earlier().settings.items()
    for feed in setting.feeds
    if feed.startswith("ClusterPolicy/") and not feed.endswith("spec.")
]


@pytest.mark.parametrize(("name", "path"), FEEDS)
def test_a_setting_whose_field_an_older_definition_does_not_have_is_lacking_there(name: str, path: str) -> None:
    component = earlier()
    there = has(parse_path(path), schema_of("ClusterPolicy", component.version))
    assert there is (name not in component.lacks)


def test_with_every_setting_said_an_older_version_renders_nothing_that_its_definitions_do_not_know(
    render_platform_of: Callable[[str], tuple[Platform, list[Object]]],
) -> None:
    component = earlier()
    of_stack = {
        name: setting
        for name, setting in component.settings.items()
        if name not in {*component.lacks, *APART}
        and not (component.olm and name in component.olm.only)
        and not all(feed.startswith("GPUCluster/") for feed in setting.feeds)
    }
    settings = {name: another(setting) for name, setting in of_stack.items()}
    settings |= {"driverObjects": "always", "updateStrategy": "RollingUpdate", "defaultWorkload": "container"}
    settings |= {"exporterPodLabels": True, "cdi": True, "exporterRelabelings": [{"action": "keep"}]}

    _, objects = render_platform_of(BLUEPRINT.format(release=RELEASE, settings=json.dumps(settings)))

    found = [one for one in objects if one.id.kind in ("ClusterPolicy", "NVIDIADriver")]
    assert len(found) == 3
    for one in found:
        assert list(unknown(one.data["spec"], schema_of(one.id.kind, component.version)["properties"]["spec"])) == []


def test_an_unknown_field_is_found() -> None:
    """Proves that the comparison can fail."""
    schema = {"properties": {"a": {"items": {"properties": {"b": {}}}}, "free": {"additionalProperties": {}}}}
    assert list(unknown({"a": [{"b": 1, "c": 2}], "free": {"x": 1}, "d": {}}, schema)) == [".a[].c", ".d"]
