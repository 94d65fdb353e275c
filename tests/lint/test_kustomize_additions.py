"""Objects of kustomizations are checked as kustomize builds them: with namespace, labels and selectors."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from blueprint.lint.inputs import read_inputs

DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  selector: {}
  template:
    spec:
      containers: [{name: main, image: "registry.example/web:1.4"}]
"""
SERVICE = """\
apiVersion: v1
kind: Service
metadata: {name: web, labels: {tier: front}}
spec: {selector: {tier: front}, ports: [{port: 80}]}
"""
CLASS = """\
apiVersion: scheduling.k8s.io/v1
kind: PriorityClass
metadata: {name: high}
value: 10
"""
HEAD = "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n"


@pytest.fixture(autouse=True)
def _in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def built(files: Mapping[str, str]) -> dict[str, Any]:
    """The objects of all files, by kind."""
    for name, text in files.items():
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_text(text, "utf-8")
    return {each.id.kind: each.data for each in read_inputs(["."]).objects}


def test_a_kustomization_adds_namespace_labels_and_selectors() -> None:
    found = built({
        "a.yaml": DEPLOYMENT, "b.yaml": SERVICE, "c.yaml": CLASS,
        "kustomization.yaml": f"{HEAD}namespace: house\ncommonLabels: {{app: web}}\n"
        "resources: [a.yaml, b.yaml, c.yaml]\n",
    })  # fmt: skip
    spec = found["Deployment"]["spec"]
    assert found["Deployment"]["metadata"] == {"name": "web", "namespace": "house", "labels": {"app": "web"}}
    assert spec["selector"] == {"matchLabels": {"app": "web"}}
    assert spec["template"]["metadata"] == {"labels": {"app": "web"}}
    assert found["Service"]["spec"]["selector"] == {"tier": "front", "app": "web"}
    assert found["Service"]["metadata"]["labels"] == {"tier": "front", "app": "web"}
    assert found["PriorityClass"]["metadata"] == {"name": "high", "labels": {"app": "web"}}


def test_an_overlay_adds_to_its_base_and_wins() -> None:
    found = built({
        "base/a.yaml": DEPLOYMENT,
        "base/kustomization.yaml": f"{HEAD}namespace: base\ncommonLabels: {{app: web}}\nresources: [a.yaml]\n",
        "prod/kustomization.yaml": f"{HEAD}namespace: prod\nlabels:\n"
        "  - {includeSelectors: true, pairs: {env: prod}}\n"
        "  - {pairs: {team: a}}\nresources: [../base]\n",
    })  # fmt: skip
    metadata = found["Deployment"]["metadata"]
    assert metadata["namespace"] == "prod"
    assert metadata["labels"] == {"app": "web", "env": "prod", "team": "a"}
    assert found["Deployment"]["spec"]["selector"]["matchLabels"] == {"app": "web", "env": "prod"}


def test_kustomizations_that_name_each_other_do_no_harm() -> None:
    found = built({
        "a/a.yaml": DEPLOYMENT,
        "a/kustomization.yaml": f"{HEAD}namespace: a\nresources: [a.yaml, ../b]\n",
        "b/kustomization.yaml": f"{HEAD}namespace: b\nresources: [../a]\n",
    })  # fmt: skip
    assert "namespace" not in found["Deployment"]["metadata"], "neither is on top, and kustomize builds neither"


@pytest.mark.parametrize("odd", ["namespace: 7", "commonLabels: text", "labels: [text, {pairs: 7}]", "resources: [7]"])
def test_what_is_not_a_kustomization_adds_nothing(odd: str) -> None:
    found = built({"a.yaml": DEPLOYMENT, "kustomization.yaml": f"{HEAD}resources: [a.yaml]\n{odd}\n".replace(
        "resources: [a.yaml]\nresources", "resources")})  # fmt: skip
    assert found["Deployment"]["metadata"] == {"name": "web"}


def test_bases_that_are_listed_twice_are_walked_once() -> None:
    """Each layer lists the next one twice, so there are a million paths to the last."""
    layers = 20
    files = {
        f"k{n}/kustomization.yaml": f"{HEAD}namespace: n{n}\nresources: [../k{n + 1}, ../k{n + 1}]\n"
        for n in range(layers)
    }
    last = {f"k{layers}/kustomization.yaml": f"{HEAD}resources: [a.yaml]\n", f"k{layers}/a.yaml": SERVICE}
    assert built({**files, **last})["Service"]["metadata"]["namespace"] == "n0"


def test_a_chain_of_bases_may_be_long() -> None:
    length = 1_200  # deeper than Python's recursion limit
    files = {f"k{n}/kustomization.yaml": f"{HEAD}resources: [../k{n + 1}]\n" for n in range(length)}
    first = {"k0/kustomization.yaml": f"{HEAD}namespace: n0\nresources: [../k1]\n"}
    last = {f"k{length}/kustomization.yaml": f"{HEAD}resources: [a.yaml]\n", f"k{length}/a.yaml": SERVICE}
    assert built({**files, **first, **last})["Service"]["metadata"]["namespace"] == "n0"
