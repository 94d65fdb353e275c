"""The hierarchy of cohorts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from blueprint.bundle.model import Object
from blueprint.check.common.cycles import Ring, rings
from blueprint.check.common.kueue import COHORT, GROUP, parent, parent_field
from blueprint.check.finding import ObjectFinding
from blueprint.check.rule import rule
from blueprint.check.rule_context import RuleContext
from blueprint.diagnostics import define

COHORT_CYCLE = define("BP6464", "cohort-cycle", page=__file__)


@rule(COHORT_CYCLE, tags=("kueue",))
def cohort_cycle(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """Cohorts that are their own ancestors: Kueue admits nothing in any of them."""
    if ring := context.once(_rings).get(subject.id.name):
        field = parent_field(subject)
        text = f"spec.{field} leads back to this cohort: {' below '.join(ring.way_from(subject.id.name))}"
        yield ObjectFinding(
            COHORT_CYCLE, ("spec", field), text, "remove the field from the cohort that should be the root"
        )


def _rings(context: RuleContext) -> Mapping[str, Ring]:
    return rings({name: parent(each) for name, each in context.named(GROUP, COHORT).items()})


RULES = (cohort_cycle,)
