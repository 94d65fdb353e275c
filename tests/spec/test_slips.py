"""Misspelt keys are reported, and read as what was probably intended."""

from __future__ import annotations

from blueprint.diagnostics import Severity
from tests.support.platforms import compiled

H100 = "gpu: {product: H100-SXM5-80GB, count: 8}"


def errors(spec: str) -> list[tuple[str, int, str]]:
    """Code, line and path of every error of a blueprint with this rest of its spec, which begins in line 7."""
    head = 'apiVersion: gpublueprint.dev/v1alpha2\nkind: Blueprint\nmetadata: {name: b}\nspec:\n  release: "2026.11"\n'
    done = compiled(f'{head}  cluster: {{kubernetes: "1.36"}}\n{spec}')
    return [
        (found.code.id, found.at.line if found.at else 0, found.path or "")
        for found in done.diagnostics
        if found.severity is Severity.ERROR
    ]


def test_what_else_is_wrong_with_a_pool_is_found_too() -> None:
    pool = f"  nodePools:\n    train:\n      nodes: 2\n      selectr: {{a.b/c: d}}\n      {H100}\n"
    assert errors(pool) == [("BP2001", 10, "spec.nodePools.train.selectr")]
    wrong = pool + '      driver: {branch: "470"}\n'
    assert errors(wrong) == [
        ("BP2001", 10, "spec.nodePools.train.selectr"),
        ("BP3102", 12, "spec.nodePools.train.driver.branch"),
    ]


def test_a_wrong_value_of_a_misspelt_key_is_reported_at_the_right_path() -> None:
    spec = f"  nodePools:\n    train: {{nods: many, selector: {{a.b/c: d}}, {H100}}}\n"
    assert errors(spec) == [("BP2001", 8, "spec.nodePools.train.nods"), ("BP2004", 8, "spec.nodePools.train.nodes")]


def test_a_misspelt_section_is_read() -> None:
    pools = f"  nodePools:\n    train: {{nodes: 2, selector: {{a.b/c: d}}, {H100}}}\n"
    assert errors("  observabilty: {alert: {}}\n" + pools) == [
        ("BP2001", 7, "spec.observabilty"),
        ("BP2001", 7, "spec.observability.alert"),
    ]


def test_in_defaults_it_is_reported_once() -> None:
    pools = "  nodePools:\n    a: {nodes: 1, selector: {a.b/c: a}}\n    b: {nodes: many, selector: {a.b/c: b}}\n"
    assert errors(f"  poolDefaults: {{{H100}, tants: [a.b/c=a:NoSchedule, d]}}\n{pools}") == [
        ("BP2001", 7, "spec.poolDefaults.tants"),
        ("BP2006", 7, "spec.poolDefaults.taints"),
        ("BP2004", 10, "spec.nodePools.b.nodes"),
    ]


def test_two_slips_of_one_key_are_both_reported_and_none_is_read() -> None:
    spec = f"  nodePools:\n    train: {{nodes: 2, selectr: {{a.b/c: d}}, selecto: 5, {H100}}}\n"
    assert errors(spec) == [
        ("BP2001", 8, "spec.nodePools.train.selectr"),
        ("BP2001", 8, "spec.nodePools.train.selecto"),
    ]


def test_a_slip_of_a_key_that_is_there_is_not_read_in_its_place() -> None:
    spec = f"  nodePools:\n    train: {{nodes: 2, selector: {{a.b/c: d}}, selectr: 5, {H100}}}\n"
    assert errors(spec) == [("BP2001", 8, "spec.nodePools.train.selectr")]
