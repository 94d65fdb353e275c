"""Weights of queues and cohorts that have no effect."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.bundle.model import Object
from blueprint.check.common.kueue_configuration import configuration
from blueprint.check.finding import ObjectFinding
from blueprint.check.rule import rule
from blueprint.check.rule_context import RuleContext, inside
from blueprint.diagnostics import Severity, define

FAIR_SHARING_OFF = define("BP6463", "fair-sharing-off", page=__file__, severity=Severity.WARNING)
_PATH = ("spec", "fairSharing", "weight")


@rule(FAIR_SHARING_OFF, tags=("kueue",))
def fair_sharing_off(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """Weights that have no effect because fair sharing is not enabled in the manager's configuration."""
    settings, weight = configuration(context), inside(subject.data, *_PATH)
    of_namespace = inside(subject.data, "spec", "clusterQueue") is not None
    section = "admissionFairSharing" if of_namespace else "fairSharing"
    if weight is not None and settings and section not in settings:
        text = f"spec.fairSharing.weight is {weight}, but the configuration of Kueue's manager has no {section}"
        yield ObjectFinding(FAIR_SHARING_OFF, _PATH, text, f"add {section} to the configuration, or remove the weight")
