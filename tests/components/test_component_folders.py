"""Every folder under components/ is complete: every file that component.yaml names exists, and every file is named."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import blueprint
from blueprint.catalog.catalog import load_catalog
from blueprint.catalog.components import Component
from blueprint.catalog.distribution import STACKS

PACKAGE = Path(blueprint.__file__).parent
NAMES = load_catalog().components


def component(name: str) -> Component:
    found = load_catalog().component(name)
    assert found is not None
    return found


@pytest.mark.parametrize("name", NAMES)
def test_templates_are_listed_and_there(name: str) -> None:
    """A forgotten file would silently not be rendered."""
    one = component(name)
    named = {*one.templates, *(one.olm.templates if one.olm else ())}
    assert sorted(named) == sorted(file.name for file in (one.folder / "templates").iterdir())


@pytest.mark.parametrize("name", NAMES)
def test_a_readme_says_what_is_installed_and_every_setting(name: str) -> None:
    readme = (component(name).folder / "README.md").read_text("utf-8")
    assert component(name).version in readme
    for setting in component(name).settings:
        assert f"`{setting}`" in readme


@pytest.mark.parametrize("name", NAMES)
def test_needs_are_components(name: str) -> None:
    assert set(component(name).needs) <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_an_image_without_a_tag_is_one_whose_version_the_blueprint_decides(name: str) -> None:
    assert [image.name for image in component(name).images.values() if image.tag is None] in ([], ["driver"])


def test_images_are_spelt_as_container_runtimes_pull_them() -> None:
    assert component("nfd").images["nfd"].ref == "registry.k8s.io/nfd/node-feature-discovery:v0.19.0"
    assert component("gpu-operator").images["driver"].ref == "nvcr.io/nvidia/driver"


def named_settings() -> set[str]:
    """The settings that the code reads by name."""
    calls = re.compile(r'\b(?:setting|component_with|setting_path|settings_with)\(\s*"(\w+)"')
    modules = [file for folder in ("platform", "check") for file in (PACKAGE / folder).rglob("*.py")]
    return {name for file in modules for name in calls.findall(file.read_text("utf-8"))}


@pytest.mark.parametrize("name", sorted(named_settings()))
def test_a_setting_that_the_code_reads_belongs_to_one_component_of_each_stack(name: str) -> None:
    owners = [one for one in map(component, NAMES) if name in one.settings]
    assert owners
    for stack in STACKS:
        assert sum(one.has(name, [stack]) for one in owners) <= 1


@pytest.mark.parametrize("stack", STACKS)
def test_each_stack_has_one_exporter_and_one_that_brings_device_plugins(stack: str) -> None:
    assert sum(stack in one.stacks for one, _ in load_catalog().exporters()) == 1
    providers = [one.name for one in map(component, NAMES) if one.brings("devicePlugin", stack)]
    assert providers == [load_catalog().provider_of("devicePlugin", stack)]
