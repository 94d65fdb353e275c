"""The built schemas are what the build step makes of the maintained package, and contain what is required."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from blueprint.catalog.catalog import load_catalog
from blueprint.data import data_folder
from blueprint.kubernetes.api import known_minors, load_kubernetes
from blueprint.kubernetes.names import name_fault
from blueprint.versions import version_key

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
    """They are not edited by hand, and a new version of the package shows as a difference here."""
    assert tuple(build.MINORS) == known_minors()
    for minor in build.MINORS:
        written = (data_folder("schemas") / "kubernetes" / f"{minor}.json").read_text("utf-8")
        assert written == build.render(build.build(minor)), f"run tools/build_kubernetes_schemas.py: {minor} differs"


def test_nothing_is_dropped_but_what_the_cluster_sets(build) -> None:
    """Every field of every remaining definition still exists, so that no field is unknown by mistake."""
    upstream = build._upstream("1.36")
    ours = load_kubernetes("1.36")
    kinds = {kind.definition for kinds in ours.kinds.values() for kind in kinds.values()}
    for name, definition in ours.definitions.items():
        dropped = set(upstream[name].get("properties", ())) - set(definition.get("properties", ()))
        allowed = {"status"} if name in kinds else set(build.SERVER_SET) if name.endswith(".ObjectMeta") else set()
        assert dropped <= allowed, name


def test_the_files_are_small_and_have_no_prose() -> None:
    """They are part of the wheel; the limit is 700 kB each."""
    for path in sorted((data_folder("schemas") / "kubernetes").glob("*.json")):
        text = path.read_text("utf-8")
        assert len(text) < 700_000
        assert '"description":"' not in text


@pytest.mark.parametrize("minor", known_minors())
def test_kinds_are_where_and_what_they_should_be(minor: str) -> None:
    api = load_kubernetes(minor)
    scopes = {(v, k): kind.namespaced for v, kinds in api.kinds.items() for k, kind in kinds.items()}
    assert scopes["apps/v1", "Deployment"] is True
    assert scopes["v1", "Namespace"] is False
    assert scopes["rbac.authorization.k8s.io/v1", "ClusterRole"] is False
    assert (("resource.k8s.io/v1", "DeviceClass") in scopes) is (version_key(minor) >= (1, 34))
    assert not {"TokenReview", "Status"} & {kind for _, kind in scopes}
    assert not [kind for _, kind in scopes if kind.endswith("List")]


def test_scopes_of_the_newest_minor_are_those_of_its_client() -> None:
    """No API server of that minor is available; the methods of the Python client are generated from its OpenAPI."""
    import kubernetes

    newest = known_minors()[-1]
    if newest != (installed := f"1.{kubernetes.__version__.partition('.')[0]}"):
        pytest.skip(f"the installed Python client is that of {installed}")
    for version, kinds in load_kubernetes(newest).kinds.items():
        group, _, name = version.rpartition("/")
        title = "".join(part.capitalize() for part in (group or "core").removesuffix(".k8s.io").split("."))
        api = getattr(kubernetes.client, f"{title}{name.capitalize()}Api")
        for kind, ours in kinds.items():
            method = re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", kind).lower()
            given = [hasattr(api, f"create_namespaced_{method}"), hasattr(api, f"create_{method}")]
            assert given == [ours.namespaced, not ours.namespaced], (version, kind)


def test_a_platform_runs_on_minors_that_there_are_schemas_for() -> None:
    """More minors can be linted than a release supports: the release lists what a blueprint may declare."""
    catalog = load_catalog()
    releases = [release for name in catalog.releases if (release := catalog.release(name))]
    assert releases
    assert all(set(release.kubernetes.value) < set(known_minors()) for release in releases)


def test_every_reference_leads_somewhere() -> None:
    """Pruning left no dangling reference."""
    for minor in known_minors():
        text = (data_folder("schemas") / "kubernetes" / f"{minor}.json").read_text("utf-8")
        targets = set(re.findall(r'"\$ref":"#/\$defs/([^"]+)"', text))
        assert targets <= set(load_kubernetes(minor).definitions)


def test_the_hand_written_facts_name_existing_fields() -> None:
    """A misspelt field in kubernetes_facts.yaml would silently check nothing."""
    known: dict[str, set[str]] = {}
    spoken: dict[str, set[str]] = {}
    for minor in known_minors():
        api = load_kubernetes(minor)
        for name, fields in api.values.items():
            known.setdefault(name, set()).update(api.definitions[name]["properties"])
            spoken.setdefault(name, set()).update(set(fields) - {""})
    assert spoken
    assert not {(name, field) for name, fields in spoken.items() for field in fields - known[name]}


def test_an_unknown_minor_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match=r"no schema for Kubernetes 1\.20; there are 1\.30, 1\.31"):
        load_kubernetes("1.20")


def test_the_list_keys_of_the_api_are_kept() -> None:
    fields = load_kubernetes("1.36").definitions[POD]["properties"]
    assert fields["containers"]["x-kubernetes-list-map-keys"] == ["name"]
    assert fields["tolerations"]["x-kubernetes-list-type"] == "atomic"


@pytest.mark.parametrize(("minor", "taken"), [("1.30", False), ("1.35", False), ("1.36", True), ("1.37", True)])
def test_a_service_may_begin_with_a_digit_from_1_36_on(minor: str, taken: bool) -> None:
    assert (name_fault("", "Service", "3scale", minor) is None) is taken
