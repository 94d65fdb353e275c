"""Fields of Kueue's objects that have different names in different versions."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.bundle.model import Object
from blueprint.check.common.kueue import CLUSTER_QUEUE, is_of_kueue
from blueprint.check.finding import ObjectFinding
from blueprint.check.rule import rule
from blueprint.check.rule_context import RuleContext, mapping
from blueprint.diagnostics import define

OTHER_VERSION = define("BP6554", "kueue-other-version", page=__file__)
_SERVED = ("v1beta1", "v1beta2")
_GONE = {
    "v1beta1": {"cohortName": "cohort"},
    "v1beta2": {"cohort": "cohortName", "admissionChecks": "admissionChecksStrategy"},
}
"""Fields of a ClusterQueue that the version does not have, and their replacements."""


@rule(OTHER_VERSION, tags=("kueue",), of_form=True)
def other_version(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """Versions that Kueue no longer serves, and fields of another version."""
    if not is_of_kueue(subject):
        return
    version = subject.api_version.partition("/")[2]
    if version not in _SERVED:
        text = f"apiVersion is {subject.api_version}, which Kueue v0.19 does not serve"
        yield ObjectFinding(OTHER_VERSION, ("apiVersion",), text, "kueue.x-k8s.io/v1beta2")
        return
    for field, instead in _GONE[version].items() if subject.id.kind == CLUSTER_QUEUE else ():
        if field in mapping(subject.data.get("spec")):
            text = f"{version} has no field spec.{field}: the API server drops it"
            yield ObjectFinding(OTHER_VERSION, ("spec", field), text, f"{version} has {instead}")
