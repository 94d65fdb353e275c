"""The work grows linearly with the input: calls are counted, not timed."""

from __future__ import annotations

from pathlib import Path

import pytest

from blueprint.pipeline import compile_blueprint
from blueprint.source.document import Document
from tests.support.call_counts import counted_calls, is_linear

POOL = """\
    pool-{number:04}:
      nodes: 2
      selector: {{example.org/pool: pool-{number:04}, example.org/site: here}}
"""
TAINT = '      taints: {nvidia.com/gpu: "true:NoSchedule"}\n'
H100 = "      gpu: {product: H100-SXM5-80GB, count: 8}\n"
A100 = "      gpu: {product: A100-SXM4-80GB, count: 4}\n"
CUT = "      gpu: {product: H100-SXM5-80GB, count: 8, mig: {layout: [{profiles: {1g.10gb: 7}}]}}\n"
MIXED = "      gpu: {product: A100-SXM4-80GB, count: 4, mig: {layout: [{profiles: {2g.20gb: 3, 1g.20gb: 1}}]}}\n"
SHARED = "      gpu: {product: L40S, count: 4, sharing: {timeSlicing: 4}}\n"
BRANCH = '      driver: {branch: "580"}\n'
OPEN = '      driver: {branch: "580", kernelModules: open}\n'
HOST = '      owner: {driver: host}\n      driver: {branch: "580"}\n'
FABRIC = "      network: {fabric: infiniband, nics: 8}\n"
SHAPES = {
    "plain": ("", H100 + OPEN, A100 + HOST),
    "tainted": (TAINT + H100 + BRANCH,),
    "cut, one product": (CUT + BRANCH,),
    "cut, two products": (CUT + BRANCH, MIXED + BRANCH),
    "shared": (SHARED + BRANCH,),
    "drivers of the host": (H100 + HOST,),
    "a driver each": (TAINT + H100 + OPEN, TAINT + H100 + BRANCH),
    "a network": (TAINT + H100 + OPEN + FABRIC, ""),
    "all together": (TAINT + CUT + BRANCH, SHARED + OPEN, TAINT + H100 + OPEN + FABRIC, A100 + HOST, MIXED + BRANCH),
}
"""Pools that interact: their taints, drivers, products and strategies determine things together."""
HEAD = """\
apiVersion: gpublueprint.dev/v1alpha2
kind: Blueprint
metadata: {name: scaling}
spec:
  release: "2026.11"
  cluster: {kubernetes: "1.36", os: ubuntu-24.04}
"""
CONFIG_MAP = (
    "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: note-{number:04}, namespace: bench}}\ndata: {{key: value}}\n"
)


def with_pools(folder: Path, count: int, *shapes: str) -> Path:
    """A blueprint with that many pools, alternating between these shapes."""
    pools = "".join(POOL.format(number=number) + shapes[number % len(shapes)] for number in range(count))
    (folder / "blueprint.yaml").write_text(f"{HEAD}  nodePools:\n{pools}")
    return folder / "blueprint.yaml"


def with_objects(folder: Path, count: int) -> Path:
    """A blueprint with that many manifests in one file."""
    (folder / "notes.yaml").write_text("---\n".join(CONFIG_MAP.format(number=number) for number in range(count)))
    pools = "  nodePools:\n    none: {nodes: 1, selector: {example.org/pool: none}}\n"
    (folder / "blueprint.yaml").write_text(f'{HEAD}{pools}  extraManifests: ["notes.yaml"]\n')
    return folder / "blueprint.yaml"


def cost(blueprint: Path) -> tuple[int, int]:
    """The number of function calls to compile it, and the bytes of its bundle. It must succeed."""
    calls, compilation = counted_calls(lambda: compile_blueprint(str(blueprint)))
    assert compilation.files is not None, compilation.diagnostics
    return calls, sum(map(len, compilation.files.values()))


def test_each_further_object_costs_as_much_as_the_one_before(tmp_path: Path) -> None:
    cost(with_objects(tmp_path, 100))  # imported, read or initialised once
    (few, _), (some, _), (many, _) = (cost(with_objects(tmp_path, count)) for count in (25, 50, 100))
    assert is_linear(few, some, many)


@pytest.mark.parametrize("shapes", SHAPES.values(), ids=SHAPES)
def test_each_further_pool_costs_as_much_as_the_one_before(shapes: tuple[str, ...], tmp_path: Path) -> None:
    """Neither in calls nor in bytes: both would show lines for every pair of pools."""
    count = 12 // len(shapes) * len(shapes)  # as many of each shape: further pools are like the earlier patchs
    compile_blueprint(str(with_pools(tmp_path, count, *shapes)))  # imported, read or initialised once
    few, some, many = (cost(with_pools(tmp_path, times * count, *shapes)) for times in (1, 2, 4))
    assert all(map(is_linear, few, some, many))


def test_documents_of_one_file_share_its_lines() -> None:
    text = "a: 1\n---\nb: 2\n"
    first, second = (Document("f.yaml", text, {}, None) for _ in range(2))
    assert first.lines is second.lines
