"""Every validation rule in the available upstream definitions compiles, or is in a reviewed list."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from blueprint.cel.engine import CompileError, UnsupportedError, compile_expression
from blueprint.check.cel_values import cel_type
from blueprint.check.validation_rules import RuleNode, SchemaRule, collect_rules

pytest.importorskip("cel_expr_python", reason="the extra cel is not installed")

NOT_COMPILED: set[str] = set()
"""Rules that the library cannot compile, or that read values that it cannot represent. The set may only shrink."""


def _rules(node: RuleNode | None) -> Iterator[SchemaRule]:
    if node is not None:
        yield from node.rules
        for below in (*node.fields.values(), node.items, node.values):
            yield from _rules(below)


def _definitions(folder: Path) -> Iterator[dict[str, Any]]:
    for file in sorted(folder.glob("**/crds/*.yaml")):
        text = file.read_text("utf-8")
        if "x-kubernetes-validations" in text:
            documents = yaml.compose_all(text, yaml.CSafeLoader)
            constructor = yaml.constructor.SafeConstructor()
            constructor.add_constructor("tag:yaml.org,2002:value", lambda maker, node: maker.construct_scalar(node))
            yield from (constructor.construct_document(each) for each in documents if each is not None)


def test_every_rule_compiles_or_is_known_not_to() -> None:
    folder = os.environ.get("BLUEPRINT_REFERENCE")
    if not folder:
        pytest.skip("BLUEPRINT_REFERENCE does not name a folder with the upstream CRDs")
    seen, failed = set(), {}
    for crd in _definitions(Path(folder)):
        for version in crd["spec"]["versions"]:
            for rule in _rules(collect_rules(version["schema"]["openAPIV3Schema"])):
                seen.add(rule.text)
                kind = "map(string, dyn)" if rule.root else cel_type(rule.schema) or "dyn"
                try:
                    compile_expression(rule.text, (("self", kind), ("oldSelf", kind)))
                except (CompileError, UnsupportedError) as error:
                    failed[rule.text] = str(error)
                if rule.obstacle and not rule.is_transition:
                    failed[rule.text] = rule.obstacle
    assert len(seen) >= 140
    assert set(failed) == NOT_COMPILED, failed
