"""GPUs that every container of a namespace requests by default."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.bundle.model import Object
from blueprint.check.finding import ObjectFinding
from blueprint.check.rule import rule
from blueprint.check.rule_context import GPU_PREFIX, RuleContext, inside, items, mapping
from blueprint.diagnostics import Severity, define
from blueprint.source.paths import format_path

GPU_BY_DEFAULT = define("BP6154", "gpu-by-default", page=__file__, severity=Severity.WARNING)


@rule(GPU_BY_DEFAULT, tags=("tenancy", "cost"))
def by_default(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """Default GPU limits, which also apply to sidecars and init containers."""
    for index, each in enumerate(map(mapping, items(inside(subject.data, "spec", "limits")))):
        for field in ("default", "defaultRequest"):
            for name, amount in mapping(each.get(field)).items():
                if name.startswith(GPU_PREFIX) and str(amount) != "0" and each.get("type") == "Container":
                    path = ("spec", "limits", index, field, name)
                    text = f"{format_path(path, subject.data)}: every container that requests no GPU gets this number"
                    yield ObjectFinding(GPU_BY_DEFAULT, path, text, "remove it; pods request GPUs themselves")


RULES = (by_default,)
