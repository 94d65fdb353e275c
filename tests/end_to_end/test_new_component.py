"""A new component needs a folder, its definitions and one line of the release, but no Python code.

A copy of the tree gets a component with a kind of its own, whose readiness and immutable field are data. It is then
compiled, planned, waited for and compared like any other.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from blueprint.apiserver.connect import connect
from blueprint.lab import Lab
from tests.support.waits import PATIENCE

ROOT = Path(__file__).resolve().parents[2]
GROUP = "widgets.example.com"
COMPONENT = """
name: widget-operator
title: Widget operator
description: Makes widgets.
version: v1.0.0
namespace: widget-operator
ownership: [managed, external, absent]
crds: [widgets.example.com/widgets.yaml]
templates: [widget.yaml]
images: {}
settings:
  size:
    type: integer
    default: 1
    minimum: 1
    description: Its size.
    feeds: ["Widget/main: spec.size"]
  colour:
    type: string
    requires: [painted]
    description: Its colour.
    feeds: ["Widget/main: spec.colour"]
  painted:
    type: boolean
    default: false
    description: Whether it has a colour.
    feeds: ["Widget/main: spec.colour"]
kinds:
  Widget.widgets.example.com:
    ready: {state: {field: status.phase, values: [Running]}}
    immutable: [spec.size]
sources: ["nobody: made for a test"]
"""
TEMPLATE = """
apiVersion: widgets.example.com/v1
kind: Widget
metadata:
  name: main-{{ platform.name }}
  labels: {$merge: component.labels}
spec:
  size: "{{ component.settings.size }}"
  colour: "{{ component.settings.colour or omit }}"
"""
DEFINITION = """
source: "nobody: made for a test"
version: v1.0.0
licence: Apache-2.0
kubernetes: "1.36"
group: widgets.example.com
scope: Cluster
names: {kind: Widget, plural: widgets}
versions:
  v1:
    subresources: {status: {}}
    schema:
      fields:
        spec: {fields: {size: integer, colour: string}}
        status: {fields: {phase: string}}
"""


def run(tree: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "blueprint", *arguments]
    environment = {**os.environ, "PYTHONPATH": str(tree)}
    return subprocess.run(
        command, cwd=tree, env=environment, capture_output=True, text=True, check=False, timeout=PATIENCE
    )


def written(tree: Path, name: str, file: str, settings: str = "{}") -> str:
    others = "".join(f"    {one}: {{ownership: external}}\n" for one in ("nfd", "gpu-operator"))
    text = f"""
apiVersion: gpublueprint.dev/v1alpha2
kind: Blueprint
metadata: {{name: {name}}}
spec:
  release: "2026.11"
  cluster: {{kubernetes: "1.36"}}
  nodeLabels: provisioner
  nodePools:
    train: {{nodes: {{min: 0, max: 1}}, selector: {{pool: train}}, gpu: {{product: H100-SXM5-80GB, count: 8}}}}
  components:
{others}    widget-operator: {{settings: {settings}}}
"""
    (tree / file).write_text(text, "utf-8")
    return file


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copy of the tool and its data, with the component."""
    for name in ("blueprint", "components", "overlays", "schemas", "workloads"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    files = {
        "components/widget-operator/component.yaml": COMPONENT,
        "components/widget-operator/templates/widget.yaml": TEMPLATE,
        f"schemas/crds/{GROUP}/widgets.yaml": DEFINITION,
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, "utf-8")
    release = tmp_path / "blueprint/catalog/releases/2026.11.yaml"
    text = release.read_text("utf-8")
    release.write_text(text.replace("components:\n", "components:\n  widget-operator: v1.0.0\n", 1), "utf-8")
    return tmp_path


def test_its_settings_are_judged_and_its_immutable_field_is_known(tree: Path) -> None:
    unpainted = run(tree, "validate", written(tree, "demo", "a.yaml", "{colour: red}"))
    assert "BP3358" in unpainted.stdout + unpainted.stderr
    before, after = written(tree, "demo", "b.yaml"), written(tree, "demo", "c.yaml", "{size: 2}")
    compared = run(tree, "diff", before, after)
    assert "must be replaced, because spec.size cannot change on an existing object" in compared.stdout


def test_it_is_compiled_planned_and_waited_for(tree: Path, lab: Lab, namespace: str) -> None:
    cluster, unique = connect(str(lab.kubeconfig)), namespace  # a name that no other test uses
    place = ("--kubeconfig", str(lab.kubeconfig))
    made = run(tree, "compile", written(tree, unique, "a.yaml"), "-o", "bundle")
    assert made.returncode == 0, made.stdout + made.stderr
    planned = run(tree, "plan", "bundle", *place)
    assert f"Widget/main-{unique}" in planned.stdout

    silent = run(tree, "apply", "bundle", *place, "--wait", "--timeout", "1")
    assert (silent.returncode, "no controller has reported its state" in silent.stdout) == (3, True), silent.stderr

    path = f"/apis/{GROUP}/v1/widgets/main-{unique}/status"
    cluster.patch(path, {"status": {"phase": "Failed"}}, "controller")
    failed = run(tree, "apply", "bundle", *place, "--wait", "--timeout", "1")
    assert (failed.returncode, "phase Failed" in failed.stdout) == (1, True)
    told = run(tree, "drift", "bundle", *place)
    assert "is not healthy: phase Failed" in told.stdout

    cluster.patch(path, {"status": {"phase": "Running"}}, "controller")
    assert run(tree, "apply", "bundle", *place, "--wait", "--timeout", "10").returncode == 0
