"""A component folder holds several versions: the newest completely, older ones as differences, each value with its
line.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from blueprint.catalog.catalog import Catalog, load_catalog
from blueprint.catalog.components import Component
from blueprint.data import data_folder
from blueprint.diagnostics import Refused

EARLIER = [
    pytest.param(file.parents[1].name, file.stem, id=f"{file.parents[1].name} {file.stem}")
    for file in sorted(data_folder("components").glob("*/versions/*.yaml"))
]
NEWEST = """
name: thing
title: Thing
description: A thing.
version: v2
namespace: thing
ownership: [managed]
templates: [a.yaml]
images:
  one: {repository: r.example, name: one, tag: v2, digest: "sha256:DIGEST", pulledBy: rendered, source: the tag v2}
settings:
  size: {type: integer, default: 2, description: How large., feeds: ["A/b: c"]}
sources: [upstream v2]
""".replace("DIGEST", "0" * 64)


def catalogue(folder: Path, earlier: str) -> Catalog:
    home = folder / "components" / "thing"
    (home / "versions").mkdir(parents=True)
    (home / "component.yaml").write_text(NEWEST, "utf-8")
    (home / "versions" / "v1.yaml").write_text(earlier, "utf-8")
    return Catalog(folder / "hardware", folder / "releases", folder / "components")


def found(catalog: Catalog, name: str, version: str | None) -> Component:
    component = catalog.component(name, version)
    assert component is not None
    return component


def test_an_earlier_version_contains_only_the_differences(tmp_path: Path) -> None:
    text = "version: v1\nimages:\n  one: {tag: v1, digest: null}\nlacks: {size: it has one size}\n"
    catalog = catalogue(tmp_path, text)

    newest, earlier = found(catalog, "thing", None), found(catalog, "thing", "v1")

    assert (earlier.version, earlier.images["one"].tag, earlier.images["one"].digest) == ("v1", "v1", None)
    assert (newest.version, newest.images["one"].tag) == ("v2", "v2")
    assert earlier.images["one"].name == "one"
    assert earlier.folder == newest.folder
    assert found(catalog, "thing", "v2") is newest
    assert found(catalog, "thing", "v1") is earlier


def test_a_value_knows_the_file_that_says_it(tmp_path: Path) -> None:
    earlier = found(catalogue(tmp_path, "version: v1\nimages: {one: {tag: v1}}\n"), "thing", "v1")

    tag, name = earlier.span("images", "one", "tag"), earlier.span("images", "one", "name")

    assert (Path(tag.file).name, tag.line) == ("v1.yaml", 2)
    assert (Path(name.file).name, name.line) == ("component.yaml", 10)


def test_a_key_that_does_not_exist_is_refused_at_its_line(tmp_path: Path) -> None:
    with pytest.raises(Refused) as refused:
        catalogue(tmp_path, "version: v1\nimages: {one: {tga: v1}}\n").component("thing", "v1")
    [problem] = refused.value.diagnostics
    assert (problem.code.id, problem.path) == ("BP3901", "images.one.tga")
    assert problem.at
    assert Path(problem.at.file).name == "v1.yaml"


@pytest.mark.parametrize("version", ["v3", "../component", "v1/../v1", ""])
def test_a_version_that_has_no_file_is_refused(tmp_path: Path, version: str) -> None:
    with pytest.raises(Refused) as refused:
        catalogue(tmp_path, "version: v1\n").component("thing", version)
    assert [d.code.id for d in refused.value.diagnostics] == ["BP3904"]


def test_a_file_under_another_version_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused) as refused:
        catalogue(tmp_path, "version: v0\n").component("thing", "v1")
    assert [d.code.id for d in refused.value.diagnostics] == ["BP3902"]


@pytest.mark.parametrize("release", load_catalog().releases)
def test_every_release_names_versions_that_exist(release: str) -> None:
    named = load_catalog().release(release)
    assert named is not None
    for name, version in named.components.items():
        assert found(load_catalog(), name, version).version == version


@pytest.mark.parametrize(("name", "version"), EARLIER)
def test_an_earlier_version_shares_no_tag_of_its_own_with_a_newer_one(name: str, version: str) -> None:
    """A forgotten image would install part of the newer version."""
    newest, earlier = found(load_catalog(), name, None), found(load_catalog(), name, version)
    same = [key for key, image in earlier.images.items() if image.tag == newest.images[key].tag is not None]
    assert not same
    assert all(image.source != newest.images[key].source for key, image in earlier.images.items())
    assert not set(earlier.sources) & set(newest.sources)


@pytest.mark.parametrize(("name", "version"), EARLIER)
def test_what_a_version_lacks_is_a_setting_or_requested_by_name(name: str, version: str) -> None:
    """A name that nothing checks would be a difference without effect."""
    component = found(load_catalog(), name, version)
    texts = [file.read_text("utf-8") for file in component.template_files()]
    checks = Path(__file__).parents[2] / "blueprint" / "platform" / "components" / "release_checks.py"
    for word in component.lacks:
        asked = any(f'has("{word}")' in text or f"has('{word}')" in text for text in texts)
        assert word in component.settings or asked or f'"{word}"' in checks.read_text("utf-8")
