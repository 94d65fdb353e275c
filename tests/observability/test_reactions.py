"""Declared reactions to GPU faults: the faults are known, existing alerts report them, and they are traced to their
line.
"""

from __future__ import annotations

import re

from blueprint.catalog.component_files.gpu_faults import load_gpu_faults
from blueprint.pipeline import Compilation
from blueprint.platform.health.checks import REACTIONS
from tests.support.observed_platform import HERE, Compile, defined_alerts, rules

STACK = (HERE / "stacks" / "reactions.yaml").read_text("utf-8")


def reactions(compilation: Compilation) -> set[tuple[str, str]]:
    return {
        (rule["alert"], rule["labels"]["reaction"])
        for rule in rules(compilation)
        if "reaction" in rule.get("labels", {})
    }


def told(compilation: Compilation, slug: str) -> list[str]:
    return [each.message for each in compilation.diagnostics if each.code.slug == slug]


def test_a_fault_is_one_that_its_alert_reports() -> None:
    for name, fault in load_gpu_faults().items():
        definition = defined_alerts()[fault.alert]
        xids = re.findall(r'xid=~?"([0-9|]+)"', definition.expr)
        assert (fault.xid is None) == (not xids), name
        if fault.xid is not None:
            assert str(fault.xid) in xids[0].split("|")
            assert name == f"xid-{fault.xid}"
        assert set(fault.cannot) < set(REACTIONS), name


def test_without_a_declaration_no_alert_has_a_reaction(compiled: Compile) -> None:
    found = compiled(re.sub(r"  policy: .*\n", "", STACK))
    assert found.bundle
    assert reactions(found) == set()


def test_the_alert_for_a_fault_has_the_reaction_as_a_label(compiled: Compile) -> None:
    assert {("GpuRowRemapFailed", "replace"), ("GpuXidBusDropped", "drain")} <= reactions(compiled(STACK))


def test_a_reaction_without_an_alert_is_remarked(compiled: Compile) -> None:
    unwatched = compiled(re.sub(r"  observability:\n(    .*\n)+", "", STACK))
    assert len(told(unwatched, "reaction-without-alert")) == 4
    assert "spec.observability is missing" in told(unwatched, "reaction-without-alert")[0]
    off = compiled(STACK + "    alerts: {GpuXidBusDropped: {enabled: false}}\n")
    [message] = told(off, "reaction-without-alert")
    assert "xid-79" in message
    assert "GpuXidBusDropped: it is disabled" in message


def test_a_reaction_that_cannot_help_is_rejected_with_those_that_can(compiled: Compile) -> None:
    found = compiled(STACK.replace("xid-79: drain", "xid-79: reset"))
    [message] = told(found, "reaction-cannot-help")
    assert "does not answer on the bus" in message
    assert found.bundle is None
