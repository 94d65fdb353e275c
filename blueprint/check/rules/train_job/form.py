"""TrainJobs, compared with the runtimes that they refer to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from blueprint.bundle.model import Object
from blueprint.check.common.named_objects import missing
from blueprint.check.finding import ObjectFinding
from blueprint.check.rule import rule
from blueprint.check.rule_context import RuleContext, inside, items, mapping
from blueprint.diagnostics import define

TRAINJOB_REFUSED = define("BP6466", "trainjob-refused", page=__file__)
_GROUP = "trainer.kubeflow.org"
_STEP = f"{_GROUP}/trainjob-ancestor-step"
_RESERVED = ("PET_NNODES", "PET_NPROC_PER_NODE", "PET_NODE_RANK", "PET_MASTER_ADDR", "PET_MASTER_PORT")
"""Variables of torchrun that the trainer sets."""
_RUNTIME = ("spec", "runtimeRef")


@rule(TRAINJOB_REFUSED, tags=("training",))
def trainjob_refused(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """Jobs whose runtime is missing or lacks what they use, or that set variables of the trainer."""
    named = mapping(inside(subject.data, *_RUNTIME))
    name = named.get("name")
    if not isinstance(name, str):
        yield ObjectFinding(TRAINJOB_REFUSED, _RUNTIME, "spec.runtimeRef names no runtime", "runtimeRef: {name: NAME}")
        return
    kind = str(named.get("kind") or "ClusterTrainingRuntime")
    there = context.named(_GROUP, kind, subject.id.namespace if kind == "TrainingRuntime" else "")
    path = (*_RUNTIME, "name")
    if found := missing(TRAINJOB_REFUSED, path, name, there, f"spec.runtimeRef: there is no {kind} {name}", context):
        yield found
    if name in there:
        yield from _against(subject, mapping(there[name].data.get("spec")), f"{kind} {name}")


def _against(subject: Object, runtime: Mapping[Any, Any], name: str) -> Iterator[ObjectFinding]:
    steps = {
        mapping(inside(job, "template", "metadata", "labels")).get(_STEP)
        for job in items(inside(runtime, "template", "spec", "replicatedJobs"))
    }
    for part in mapping(inside(subject.data, "spec", "initializer")):
        if f"{part}-initializer" not in steps:
            text = f"spec.initializer.{part}: {name} has no job with the label {_STEP}: {part}-initializer"
            yield ObjectFinding(
                TRAINJOB_REFUSED, ("spec", "initializer", part), text, "remove it, or use another runtime"
            )
    if inside(runtime, "mlPolicy", "torch") is None:
        return
    for index, variable in enumerate(items(inside(subject.data, "spec", "trainer", "env"))):
        if mapping(variable).get("name") in _RESERVED:
            text = f"spec.trainer.env sets {variable['name']}, which the trainer sets"
            help_ = "use spec.trainer.numNodes and numProcPerNode"
            yield ObjectFinding(TRAINJOB_REFUSED, ("spec", "trainer", "env", index, "name"), text, help_)


RULES = (trainjob_refused,)
