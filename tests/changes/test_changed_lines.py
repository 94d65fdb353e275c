"""`diff` attributes each changed field to the line that changed, not to the line that otherwise determines it most."""

from __future__ import annotations

from pathlib import Path

import pytest

from blueprint.bundle.model import Bundle
from blueprint.changes.changed_lines import LineComparison, because_of_changed_lines
from blueprint.changes.compare import Action, compare_objects
from blueprint.pipeline import compile_blueprint

OLD = """\
apiVersion: gpublueprint.dev/v1alpha2
kind: Blueprint
metadata: {name: changing}
spec:
  release: "2026.06"
  cluster: {kubernetes: "1.35"}
  nodePools:
    gpu:
      nodes: 2
      selector: {pool: gpu}
      gpu: {product: H100-SXM5-80GB, count: 8}
      driver: {branch: "580"}
"""


def bundle(folder: Path, name: str, text: str) -> Bundle:
    """The bundle compiled from a blueprint."""
    (folder / name).write_text(text, "utf-8")
    made = compile_blueprint(str(folder / name)).bundle
    assert made
    return made


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    return bundle(tmp_path_factory.mktemp("old"), "old.yaml", OLD)


def blamed(old: Bundle, new: Bundle) -> dict[str, set[str]]:
    """The paths of the lines to which each changed field is attributed."""
    changes = because_of_changed_lines(compare_objects(old.objects, new.objects), LineComparison(old, new))
    return {
        f"{change.id}: {field.shown}": {source.path for source in field.origin.sources} if field.origin else set()
        for change in changes
        if change.action is Action.UPDATE
        for field in change.fields
    }


def test_a_new_release_is_what_changed_every_version(old: Bundle, tmp_path: Path) -> None:
    found = blamed(old, bundle(tmp_path, "new.yaml", OLD.replace("2026.06", "2026.11")))
    driver = found["ClusterPolicy/cluster-policy: spec.driver.version"]
    assert "spec.release" in driver
    assert "spec.nodePools.gpu.driver.branch" not in driver
    versions = {name: paths for name, paths in found.items() if name.endswith((".version", 'version"]', ".image"))}
    assert len(versions) > 20
    assert {name for name, paths in versions.items() if "spec.release" not in paths} == set()


def test_another_branch_is_what_changed_the_version(old: Bundle, tmp_path: Path) -> None:
    found = blamed(old, bundle(tmp_path, "new.yaml", OLD.replace('"580"', '"595"')))
    assert "spec.nodePools.gpu.driver.branch" in found["ClusterPolicy/cluster-policy: spec.driver.version"]
    assert "spec.release" not in found["ClusterPolicy/cluster-policy: spec.driver.version"]


def test_lines_that_only_moved_changed_nothing(old: Bundle, tmp_path: Path) -> None:
    """The file has another name and an additional line at the top."""
    moved = "# moved\n" + OLD.replace("nodes: 2", "nodes: 3").replace('"580"', '"595"')
    found = blamed(old, bundle(tmp_path, "moved.yaml", moved))
    assert "spec.release" not in found["ClusterPolicy/cluster-policy: spec.driver.version"]
