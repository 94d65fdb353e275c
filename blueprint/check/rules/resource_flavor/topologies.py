"""Topologies of flavors."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.bundle.model import Object
from blueprint.check.common.kueue import GROUP
from blueprint.check.common.kueue_versions import other_version
from blueprint.check.common.named_objects import missing
from blueprint.check.finding import ObjectFinding
from blueprint.check.rule import rule
from blueprint.check.rule_context import RuleContext, inside
from blueprint.diagnostics import Severity, define

FLAVOR_TOPOLOGY = define("BP6553", "flavor-topology", page=__file__, severity=Severity.WARNING)
_PATH = ("spec", "topologyName")


@rule(FLAVOR_TOPOLOGY, tags=("kueue", "topology"))
def flavor_topology(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """Flavors that refer to a missing topology, or that select no nodes."""
    name = inside(subject.data, *_PATH)
    if not isinstance(name, str):
        return
    if not inside(subject.data, "spec", "nodeLabels"):
        text = f"spec.topologyName is {name}, but spec.nodeLabels is empty"
        yield ObjectFinding(FLAVOR_TOPOLOGY, _PATH, text, "set nodeLabels", Severity.ERROR)
    there = context.named(GROUP, "Topology")
    if found := missing(
        FLAVOR_TOPOLOGY, _PATH, name, there, f"spec.topologyName: there is no Topology {name}", context
    ):
        yield found


RULES = (flavor_topology, other_version)
