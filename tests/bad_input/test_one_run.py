"""One run reports syntactic and semantic mistakes, unless one hides the other."""

from __future__ import annotations

from pathlib import Path

import pytest

from blueprint.pipeline import compile_blueprint

SOUND = """\
apiVersion: gpublueprint.dev/v1alpha2
kind: Blueprint
metadata: {name: first}
spec:
  release: "2026.11"
  cluster: {kubernetes: "1.36", os: ubuntu-20.04}
  nodePools:
    train:
      nodes: 4
      selector: {acme.example/pool: train}
      gpu: {product: H100-SMX5-80GB, count: 8}
  components:
    gpu-operator:
      settings: {gfd: {enabled: false}}
"""
SENSE = {"BP3003 6:37", "BP3101 11:22", "BP3203 14:23"}
"""Semantic mistakes: no driver for the system, no such product, a setting of the wrong type."""


def found(text: str, folder: Path) -> set[str]:
    """Codes with line and column."""
    file = folder / "blueprint.yaml"
    file.write_text(text, "utf-8")
    compilation = compile_blueprint(str(file))
    return {f"{each.code.id} {each.at.line}:{each.at.column}" for each in compilation.diagnostics if each.at}


def test_semantic_mistakes_alone(tmp_path: Path) -> None:
    assert found(SOUND, tmp_path) == SENSE


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("name: first", "name: First_Platform", "BP2006 3:18"),
        ("nodes: 4", "nodes: 4, wheels: 3", "BP2001 9:18"),
        ("nodes: 4", 'nodes: 4, taints: {a: "b:NoSchedul"}', "BP2006 9:30"),
        ("nodes: 4", "nodes: 4, taints: [a]", "BP2006 9:27"),
        ("nodes: 4", "nodes: 4, costPerGpuHour: -1", "BP2007 9:34"),
        ("      settings:", "      toolkit: {enabled: false}\n      settings:", "BP2001 14:7"),
    ],
)
def test_a_syntactic_mistake_hides_nothing_that_is_independent_of_it(
    old: str, new: str, code: str, tmp_path: Path
) -> None:
    text = SOUND.replace(
        "      nodes: 4\n      selector: {acme.example/pool: train}\n      gpu: {product: H100-SMX5-80GB, count: 8}\n",
        "      {nodes: 4, selector: {acme.example/pool: train},\n\n      gpu: {product: H100-SMX5-80GB, count: 8}}\n",
    )
    sense = {each.replace("14:23", "15:23") if old == "      settings:" else each for each in SENSE}
    assert found(text.replace(old, new, 1), tmp_path) == sense | {code}
