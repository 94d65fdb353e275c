"""Fields that a Flux Kustomization adds to all objects of a kind are not reported as missing in files below
its path.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from blueprint.lint.inputs import read_inputs
from blueprint.lint.run import lint

ROOT = """\
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: apps, namespace: flux-system}
spec:
  path: ./clusters/apps
  interval: 1h
  prune: true
  sourceRef: {kind: GitRepository, name: house}
  patches:
    - target: {group: kustomize.toolkit.fluxcd.io, kind: Kustomization}
      patch: |
        apiVersion: kustomize.toolkit.fluxcd.io/v1
        kind: Kustomization
        metadata: {name: _}
        spec: {prune: true, sourceRef: {kind: GitRepository, name: house}}
"""
CHILD = """\
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: serve, namespace: flux-system}
spec: {path: ./clusters/apps/serve, interval: 30m, sourceRef: {name: house}}
"""


@pytest.fixture(autouse=True)
def _in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def missing(root: str, child: str = CHILD, file: str = "clusters/apps/serve/ks.yaml") -> list[str]:
    """The required fields that are missing in the child."""
    for name, text in (("root.yaml", root), (file, child)):
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_text(text, "utf-8")
    found = lint(read_inputs(["."]), kubernetes_minor="1.36").diagnostics
    return [each.message.split()[3] for each in found if each.code.id == "BP5004"]


def test_fields_of_a_patch_are_there() -> None:
    assert missing(ROOT) == []
    assert missing(ROOT.replace("./clusters/apps", ".")) == []


@pytest.mark.parametrize(
    ("field", "other"),
    [
        ("path: ./clusters/apps", "path: ./clusters/app"),
        ("kind: Kustomization}", "kind: Kustomization, name: other}"),
        ("kind: Kustomization}", "kind: HelmRelease}"),
        ("        spec: {prune", "        $patch: delete\n        spec: {prune"),
        ("kustomize.toolkit.fluxcd.io/v1\nkind", "kustomize.example/v1\nkind"),
    ],
)
def test_patches_for_others_are_not(field: str, other: str) -> None:
    assert field in ROOT
    assert missing(ROOT.replace(field, other, 1)) == ["prune", "kind"]


def test_there_may_be_many_patches() -> None:
    others = "".join(f"---\n{ROOT.replace('./clusters/apps', f'./clusters/{number}')}" for number in range(150))
    assert missing(f"{others}---\n{ROOT}") == []


def test_patches_of_several_folders_add_up() -> None:
    above = ROOT.replace("prune: true, sourceRef: {kind: GitRepository, name: house}}", "sourceRef: {kind: Bucket}}")
    below = ROOT.replace("./clusters/apps", "apps/serve").replace(
        ", sourceRef: {kind: GitRepository, name: house}}", "}"
    )
    assert missing(f"{above}---\n{below}") == []
    assert missing(above) == ["prune"]
    assert missing(below) == ["kind"]


def test_an_object_without_a_kind_is_not_patched() -> None:
    assert missing(ROOT, CHILD.replace("kind: Kustomization", "kind: [Kustomization]")) == []


def test_what_an_object_has_is_judged_as_it_is() -> None:
    wrong = CHILD.replace("interval: 30m", "prune: maybe, interval: 30m")
    assert missing(ROOT, wrong) == []
    found = lint(read_inputs(["."]), kubernetes_minor="1.36").diagnostics
    assert "BP5005" in {each.code.id for each in found}


RELEASE = """\
---
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {name: gpu}
spec: {chartRef: {kind: OCIRepository, name: gpu}}
"""


def _of_children(*paths: str, complete: bool = False) -> list[tuple[str, str]]:
    """The severities and messages about missing fields of a Kustomization and a HelmRelease without any."""
    Path("apps").mkdir(exist_ok=True)
    Path("apps/ks.yaml").write_text(CHILD.replace(", sourceRef: {name: house}", "") + RELEASE, "utf-8")
    found = lint(read_inputs(paths), kubernetes_minor="1.36", complete=complete).diagnostics
    return [(each.severity.name, each.message) for each in found if each.code.id == "BP5004"]


def test_a_file_of_flux_alone_may_be_patched_by_another() -> None:
    """A hook of pre-commit hands over the files that have changed, without the one that patches them."""
    found = [
        "Kustomization/flux-system/serve: required fields prune and sourceRef are missing in spec",
        "HelmRelease/gpu: required field interval is missing in spec",
    ]
    assert sorted(_of_children("apps/ks.yaml")) == sorted(("WARNING", each) for each in found)
    assert sorted(_of_children("apps/ks.yaml", complete=True)) == sorted(("ERROR", each) for each in found)
    Path("root.yaml").write_text(ROOT.replace("./clusters/apps", "./apps").partition("  patches:")[0], "utf-8")
    assert sorted(_of_children(".")) == sorted(("ERROR", each) for each in found)
