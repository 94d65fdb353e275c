"""The built schemas are what the build step makes of the maintained package, and say what they must."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from blueprint.data import data_folder
from blueprint.kubernetes.api import known_minors, load_kubernetes

ROOT = Path(__file__).resolve().parents[2]
POD = "io.k8s.api.core.v1.PodSpec"


@pytest.fixture
def build(monkeypatch: pytest.MonkeyPatch):
    """The build step as a module; it needs the dev dependency."""
    pytest.importorskip("kubernetes_validate", reason="the dev dependency kubernetes-validate is not installed")
    monkeypatch.syspath_prepend(str(ROOT / "tools"))
    import build_kubernetes_schemas

    yield build_kubernetes_schemas
    sys.modules.pop("build_kubernetes_schemas", None)


def test_the_files_are_what_the_build_step_makes(build) -> None:
    """Nobody edits them by hand, and a new version of the package shows as a difference here."""
    assert list(build.MINORS) == known_minors()
    for minor in build.MINORS:
        written = (data_folder("schemas") / "kubernetes" / f"{minor}.json").read_text("utf-8")
        assert written == build.render(build.build(minor)), f"run tools/build_kubernetes_schemas.py: {minor} differs"


def test_nothing_is_dropped_but_what_the_cluster_sets(build) -> None:
    """Every field of every definition that is kept is still there, so that no field is unknown by mistake."""
    upstream = build._upstream("1.36")
    ours = load_kubernetes("1.36")
    kinds = {kind.definition for kinds in ours.kinds.values() for kind in kinds.values()}
    for name, definition in ours.definitions.items():
        dropped = set(upstream[name].get("properties", ())) - set(definition.get("properties", ()))
        allowed = {"status"} if name in kinds else set(build.SERVER_SET) if name.endswith(".ObjectMeta") else set()
        assert dropped <= allowed, name


def test_the_files_are_small_and_have_no_prose() -> None:
    """They travel in the wheel; 700 kB each is the limit."""
    for path in sorted((data_folder("schemas") / "kubernetes").glob("*.json")):
        text = path.read_text("utf-8")
        assert len(text) < 700_000
        assert '"description":"' not in text


@pytest.mark.parametrize("minor", ["1.33", "1.34", "1.35", "1.36"])
def test_kinds_are_where_and_what_they_should_be(minor: str) -> None:
    kubernetes = load_kubernetes(minor)
    scopes = {(v, k): kind.namespaced for v, kinds in kubernetes.kinds.items() for k, kind in kinds.items()}
    assert scopes["apps/v1", "Deployment"] is True
    assert scopes["v1", "Namespace"] is False
    assert scopes["rbac.authorization.k8s.io/v1", "ClusterRole"] is False
    assert (("resource.k8s.io/v1", "DeviceClass") in scopes) is (minor != "1.33")
    assert not {"PodList", "TokenReview", "Status"} & {kind for _, kind in scopes}


def test_every_reference_leads_somewhere() -> None:
    """Pruning left no dangling reference."""
    import re

    for minor in known_minors():
        text = (data_folder("schemas") / "kubernetes" / f"{minor}.json").read_text("utf-8")
        targets = set(re.findall(r'"\$ref":"#/\$defs/([^"]+)"', text))
        assert targets <= set(load_kubernetes(minor).definitions)


def test_the_hand_written_facts_speak_of_fields_that_exist() -> None:
    """A misspelt field in kubernetes_facts.yaml would silently check nothing."""
    for minor in known_minors():
        kubernetes = load_kubernetes(minor)
        for name, fields in kubernetes.values.items():
            assert set(fields) - {""} <= set(kubernetes.definitions[name]["properties"]), (minor, name)


def test_an_unknown_minor_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match=r"no schema for Kubernetes 1\.20; there are 1\.33, 1\.34"):
        load_kubernetes("1.20")


def test_the_list_keys_of_the_api_are_kept() -> None:
    fields = load_kubernetes("1.36").definitions[POD]["properties"]
    assert fields["containers"]["x-kubernetes-list-map-keys"] == ["name"]
    assert fields["tolerations"]["x-kubernetes-list-type"] == "atomic"
