"""Objects made from shipped files are cached; those made from a user's input never are."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest

from blueprint import disk_cache
from blueprint.catalog.components import Component
from blueprint.catalog.loader import read
from blueprint.check import kinds
from blueprint.data import data_folder, is_shipped, shown
from blueprint.kubernetes.crds import load_crd
from blueprint.render.expressions import compile_expression
from blueprint.render.template import load_template
from blueprint.source.shipped import ShippedResults

TEMPLATE = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: '{{ name }}'}\n"


@pytest.fixture
def results(monkeypatch: pytest.MonkeyPatch) -> ShippedResults:
    """An empty cache that does not read what other processes have cached."""
    monkeypatch.setattr(disk_cache, "_caches", [])
    made = ShippedResults("results-of-a-test")
    monkeypatch.setattr(made._cache, "_entries", {}, raising=False)
    return made


def never() -> object:
    raise AssertionError("made again")


def test_a_result_is_made_once(results: ShippedResults) -> None:
    assert results.get("key", b"a", lambda: [1], lambda: True) == [1]
    assert results.get("key", b"a", never, lambda: True) == [1]


def test_another_content_is_made_again(results: ShippedResults) -> None:
    results.get("key", b"a", lambda: 1, lambda: True)
    assert results.get("key", b"b", lambda: 2, lambda: True) == 2


def test_a_user_s_content_is_not_cached(results: ShippedResults) -> None:
    assert results.get("key", b"a", lambda: 1, lambda: False) == 1
    assert results.get("key", b"a", lambda: 2, lambda: True) == 2


class Moved:
    """A class that is gone when its object is read again."""


def test_what_was_pickled_with_other_classes_is_made_again(
    results: ShippedResults, monkeypatch: pytest.MonkeyPatch
) -> None:
    results.get("key", b"a", Moved, lambda: True)
    monkeypatch.delattr(f"{__name__}.Moved")
    assert results.get("key", b"a", lambda: 2, lambda: True) == 2


def test_a_cached_expression_is_compiled_when_it_is_used(results: ShippedResults) -> None:
    results.get("key", b"a", lambda: compile_expression("first + second"), lambda: True)
    cached = results.get("key", b"a", never, lambda: True)
    assert callable(cached)
    assert cached({"first": 1, "second": 2}) == 3


def test_files_outside_of_the_data_folders_are_not_shipped(tmp_path: Path) -> None:
    component = data_folder("components") / "nfd" / "component.yaml"
    assert is_shipped(component)
    assert shown(component) == "components/nfd/component.yaml"
    assert not is_shipped(tmp_path / "component.yaml")


def test_a_cached_record_refers_to_its_lines() -> None:
    folder = data_folder("components") / "nfd"
    first, again = (read(folder / "component.yaml", Component, folder=folder) for _ in range(2))
    assert first is not again
    assert first.span("images") == again.span("images")
    assert first.images == again.images
    assert str(first.span("images")).startswith("components/nfd/component.yaml:")


def test_a_template_of_a_user_is_read_anew(tmp_path: Path) -> None:
    file = tmp_path / "template.yaml"
    file.write_text(TEMPLATE)
    [before] = load_template(file)
    file.write_text(TEMPLATE.replace("ConfigMap", "Secret"))
    [after] = load_template(file)
    assert before != after


def test_only_crds_of_the_catalogue_are_cached() -> None:
    crd = load_crd("nvidia.com", "clusterpolicies")
    [version] = crd["spec"]["versions"]
    assert kinds._is_shipped("nvidia.com", orjson.dumps(version))
    assert not kinds._is_shipped("nvidia.com", orjson.dumps({**version, "name": "v2"}))
    assert not kinds._is_shipped("acme.example", orjson.dumps(version))
