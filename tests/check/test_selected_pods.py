"""Selectors that match no pod (BP6157), for inputs with more or less of the cluster."""

from __future__ import annotations

from pathlib import Path

import pytest

from blueprint.diagnostics import Severity
from blueprint.lint.inputs import read_inputs
from blueprint.lint.run import lint

SERVICE = """\
apiVersion: v1
kind: Service
metadata: {name: web, namespace: default}
spec: {selector: {app: redis}, ports: [{port: 80}]}
"""
POD = """\
apiVersion: v1
kind: Pod
metadata: {name: NAME, namespace: default, labels: {app: redis-cache}}
spec: {containers: [{name: main, image: "registry.example/serve:1.4"}]}
"""
CUSTOM = """\
apiVersion: leaderworkerset.x-k8s.io/v1
kind: LeaderWorkerSet
metadata: {name: serve, namespace: default}
spec:
  leaderWorkerTemplate: {size: 1, workerTemplate: {spec: {containers: [{name: main, image: "a.example/serve:1"}]}}}
"""


def found(folder: Path, *, complete: bool, **files: str) -> list[tuple[str, Severity, str | None]]:
    for name, text in files.items():
        (folder / f"{name}.yaml").write_text(text, "utf-8")
    result = lint(read_inputs([str(folder)]), kubernetes_minor="1.36", complete=complete)
    return [(each.code.id, each.severity, each.path) for each in result.diagnostics if each.code.id == "BP6157"]


@pytest.mark.parametrize(
    ("files", "complete", "path"),
    [
        ({"a": f"{SERVICE}---\n{POD.replace('NAME', 'one')}"}, False, "spec.selector.app"),
        (
            {"a": SERVICE, "b": POD.replace("NAME", "one")},
            False,
            None,
        ),  # these may be samples of which only one is applied
        ({"a": SERVICE, "b": POD.replace("NAME", "one")}, True, "spec.selector.app"),
        ({"a": SERVICE}, False, None),
        ({"a": SERVICE}, True, "spec.selector"),
        ({"a": f"{SERVICE}---\n{POD.replace('NAME', 'one')}---\n{POD.replace('NAME', 'two')}"}, False, None),
        ({"a": f"{SERVICE}---\n{POD.replace('NAME', 'one')}---\n{POD.replace('NAME', 'two')}"}, True, "spec.selector"),
        ({"a": f"{SERVICE}---\n{CUSTOM}"}, True, None),  # its controller gives pods labels of its own
    ],
    ids=["one file", "files of a folder", "complete", "alone", "alone, complete", "several", "all", "of a controller"],
)
def test_a_selector_without_a_pod(tmp_path: Path, files: dict[str, str], complete: bool, path: str | None) -> None:
    expected = [("BP6157", Severity.WARNING, path)] if path else []
    assert found(tmp_path, complete=complete, **files) == expected
