"""Checks read the resolved platform. Only those of the topic `inputs` may read the specification."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PLATFORM = Path(__file__).resolve().parents[2] / "blueprint" / "platform"
JUDGEMENTS = sorted(
    file
    for role in ("*checks.py", "*prerequisites.py", "*expectations.py")
    for file in PLATFORM.glob(f"*/{role}")
    if file.parent.name != "inputs"
)


def reads_of_the_specification(tree: ast.AST) -> Iterator[str]:
    """Imports of `blueprint.spec`, and attributes that contain unresolved values."""
    for node in ast.walk(tree):
        match node:
            case ast.ImportFrom(module=str(name)) if f"{name}.".startswith("blueprint.spec."):
                yield name
            case ast.ImportFrom(module="blueprint", names=names) if "spec" in {each.name for each in names}:
                yield "blueprint.spec"
            case ast.Attribute(attr="inputs" | "spec" | "_spec" | "_blueprint" as name):
                yield name


@pytest.mark.parametrize("file", JUDGEMENTS, ids=lambda file: f"{file.parent.name}/{file.name}")
def test_a_check_reads_only_the_platform(file: Path) -> None:
    assert list(reads_of_the_specification(ast.parse(file.read_text("utf-8")))) == []


@pytest.mark.parametrize(
    "line",
    [
        "from blueprint.spec.pools import NodePool",
        "from blueprint import spec",
        "pools = context.inputs.written.spec.node_pools",
        "self._spec.machine",
        "platform.observability.spec.alerts",
    ],
)
def test_a_read_of_the_specification_is_seen(line: str) -> None:
    assert list(reads_of_the_specification(ast.parse(line)))


def test_there_are_checks_to_examine() -> None:
    assert len(JUDGEMENTS) > 35
