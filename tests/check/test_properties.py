"""Properties over many mutations: every misspelt key is found, two engines agree, and everything that the strict
upstream schemas reject is rejected.
"""

from __future__ import annotations

import copy
import json
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blueprint.bundle.model import Object, Path
from blueprint.check.objects import check_objects
from blueprint.diagnostics import Severity
from blueprint.source.paths import format_path
from tests.support.check_corpus import REMOVED, VALID, paths, put

USERS_OWN = {"labels", "annotations", "data", "matchLabels", "nodeSelector", "requests", "limits", "hard", "podFixed",
             "matchExpressions", "free"}  # fmt: skip
IN_SERVICE = {("spec", "selector", "app")}
ODD: list[Any] = [REMOVED, None, "", "x", "X y", "1", 0, -1, 1.5, 2**40, True, [], {}, ["x"], [{}], {"x": 1}, "5Gi"]
CRD = Object(VALID["crd"], "corpus")


def _keys() -> list[tuple[str, Path]]:
    """Every key that the API defines (not users' own), as (object, path)."""
    return [
        (name, path)
        for name, data in VALID.items()
        if name != "crd"
        for path in paths(data)
        if isinstance(path[-1], str)
        and len(path[-1]) > 1
        and not (USERS_OWN & set(path[:-1]))
        and path not in IN_SERVICE
    ]


def _leaves() -> list[tuple[str, Path]]:
    return [(name, path) for name, data in VALID.items() for path in paths(data) if path[0] != "apiVersion"]


def misspellings(word: str) -> list[str]:
    """A letter doubled, dropped, two swapped, or different case."""
    middle = len(word) // 2
    return [
        word[:middle] + word[middle] + word[middle:],
        word[:middle] + word[middle + 1 :],
        word[: middle - 1] + word[middle] + word[middle - 1] + word[middle + 1 :],
        word[:middle] + word[middle].swapcase() + word[middle + 1 :],
    ]


def _renamed(data: dict[str, Any], path: Path, new: str) -> dict[str, Any]:
    data = copy.deepcopy(data)
    here: Any = data
    for step in path[:-1]:
        here = here[step]
    items = [(new if key == path[-1] else key, value) for key, value in here.items()]
    here.clear()
    here.update(items)
    return data


def _check(data: dict[str, Any], **options: Any) -> list[Any]:
    return check_objects([Object(data, "corpus"), CRD], kubernetes_minor="1.36", **options)


@pytest.mark.parametrize(
    ("name", "path"), _keys(), ids=lambda each: each if isinstance(each, str) else format_path(each)
)
def test_every_misspelt_key_is_caught_at_its_place(name: str, path: Path) -> None:
    """For every key of the API and every misspelling, the right spelling is suggested."""
    word = str(path[-1])
    for wrong in misspellings(word):
        if wrong == word:
            continue
        found = [d for d in _check(_renamed(VALID[name], path, wrong)) if d.code.id == "BP5003"]
        assert [d.path for d in found] == [format_path((*path[:-1], wrong), _renamed(VALID[name], path, wrong))]
        assert found[0].help == f"did you mean {word}?"


mutations = st.tuples(st.sampled_from(_leaves()), st.sampled_from(ODD))


def _mutated(mutation: tuple[tuple[str, Path], Any]) -> dict[str, Any]:
    (name, path), value = mutation
    return put(copy.deepcopy(VALID[name]), path, copy.deepcopy(value))


@settings(max_examples=200, deadline=None, derandomize=True)
@given(mutations)
def test_both_engines_say_the_same(mutation: tuple[tuple[str, Path], Any]) -> None:
    """jsonschema is the reference for jsonschema_rs: same codes, same positions, same messages."""
    data = _mutated(mutation)
    told = [
        {(d.code.id, d.path, d.message.partition("cannot be used")[0], d.help) for d in _check(data, engine=engine)}
        for engine in ("jsonschema_rs", "jsonschema")
    ]
    assert told[0] == told[1]


@cache
def _upstream() -> Any:
    """The strict definitions of kubernetes-validate, unmodified."""
    import importlib.resources

    folder = importlib.resources.files("kubernetes_validate") / "kubernetes-json-schema" / "v1.36.0-local-strict"
    return json.loads((folder / "_definitions.json").read_text("utf-8"))


@cache
def _upstream_kind(api_version: str, kind: str) -> Any:
    from jsonschema import Draft202012Validator

    group, _, version = api_version.rpartition("/")
    wanted = {"group": group, "kind": kind, "version": version}
    for name, schema in _upstream()["$defs"].items():
        if wanted in schema.get("x-kubernetes-group-version-kind", ()):
            return Draft202012Validator({"$ref": f"#/$defs/{name}", "$defs": _upstream()["$defs"]})
    return None


@settings(max_examples=200, deadline=None, derandomize=True)
@given(mutations)
def test_nothing_that_upstream_rejects_gets_through(mutation: tuple[tuple[str, Path], Any]) -> None:
    """Our pruned and refined schemas are at least as strict as those from which they were built."""
    pytest.importorskip("kubernetes_validate", reason="the dev dependency kubernetes-validate is not installed")
    data = _mutated(mutation)
    validator = _upstream_kind(str(data.get("apiVersion")), str(data.get("kind")))
    if validator is None or validator.is_valid(data):
        return
    assert [d for d in _check(data) if d.severity is Severity.ERROR or d.code.id == "BP5012"]


def test_the_corpus_reaches_far_enough_for_these_properties() -> None:
    """A property that is checked for few keys would be worth little."""
    assert len(_keys()) > 350
    assert len({path[-1] for _, path in _keys()}) > 140
