"""Work grows with what is declared and not with its square: calls are counted, no clock is read."""

from __future__ import annotations

import sys
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from blueprint.pipeline import compile_blueprint
from blueprint.source.document import Document

POOL = """\
    pool-{number:04}:
      nodes: 2
      selector: {{example.org/pool: pool-{number:04}, example.org/site: here}}
"""
SHAPES = (
    "",
    '      gpu: {product: H100-SXM5-80GB, count: 8}\n      driver: {branch: "580", kernelModules: open}\n',
    '      gpu: {product: A100-SXM4-80GB, count: 4}\n      driver: {owner: host, branch: "580"}\n',
)
HEAD = """\
apiVersion: gpublueprint.dev/v1alpha1
kind: Blueprint
metadata: {name: scaling}
spec:
  release: "2026.11"
  cluster: {kubernetes: "1.36", os: ubuntu-24.04}
"""
CONFIG_MAP = (
    "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: note-{number:04}, namespace: bench}}\ndata: {{key: value}}\n"
)


def with_pools(folder: Path, count: int) -> Path:
    """A blueprint of so many pools: without GPUs, with the operator's driver, with the host's."""
    pools = "".join(POOL.format(number=number) + SHAPES[number % len(SHAPES)] for number in range(count))
    (folder / "blueprint.yaml").write_text(f"{HEAD}  nodePools:\n{pools}")
    return folder / "blueprint.yaml"


def with_objects(folder: Path, count: int) -> Path:
    """A blueprint of so many manifests in one file."""
    (folder / "notes.yaml").write_text("---\n".join(CONFIG_MAP.format(number=number) for number in range(count)))
    pools = "  nodePools:\n    none: {nodes: 1, selector: {example.org/pool: none}}\n"
    (folder / "blueprint.yaml").write_text(f'{HEAD}{pools}  extraManifests: ["notes.yaml"]\n')
    return folder / "blueprint.yaml"


def calls(blueprint: Path) -> int:
    """How many functions compiling it calls, C's included. It must succeed."""
    count = 0

    def counting(_frame: FrameType, event: str, _argument: Any) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    sys.setprofile(counting)
    try:
        compilation = compile_blueprint(str(blueprint))
    finally:
        sys.setprofile(None)
    assert compilation.bundle is not None, compilation.diagnostics
    return count


@pytest.mark.parametrize("make", [with_pools, with_objects])
def test_each_further_one_costs_what_the_one_before_cost(make: Any, tmp_path: Path) -> None:
    calls(make(tmp_path, 5))  # what is imported and read once
    few, some, many = (calls(make(tmp_path, count)) for count in (25, 50, 100))
    assert (many - some) / 50 < 1.2 * (some - few) / 25


def test_documents_of_one_file_share_its_lines() -> None:
    text = "a: 1\n---\nb: 2\n"
    first, second = (Document("f.yaml", text, {}, None) for _ in range(2))
    assert first.lines is second.lines
