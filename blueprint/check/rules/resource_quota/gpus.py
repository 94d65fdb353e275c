"""GPU quotas under names that Kubernetes does not count."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.bundle.model import Object
from blueprint.check.finding import ObjectFinding
from blueprint.check.rule import rule
from blueprint.check.rule_context import GPU_PREFIX, RuleContext, inside, mapping
from blueprint.diagnostics import Severity, define
from blueprint.source.paths import format_path

NOT_COUNTED = define("BP6153", "gpu-quota-not-counted", page=__file__, severity=Severity.WARNING)
_OF_HAMI = (".nvidia.com/gpumem", ".nvidia.com/gpucores")
"""HAMi's resources. Its scheduler evaluates the limits of such a quota itself."""


@rule(NOT_COUNTED, tags=("tenancy",))
def not_counted(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """Quotas for extended resources that are not set through their requests."""
    keys = [str(each) for each in mapping(inside(subject.data, "spec", "hard"))]
    if any(each.endswith(_OF_HAMI) for each in keys):
        return
    for key in keys:
        name = key.removeprefix("limits.")
        if name.startswith(GPU_PREFIX):
            path = ("spec", "hard", key)
            text = f"{format_path(path)} limits nothing: a quota counts requests.{name}"
            yield ObjectFinding(NOT_COUNTED, path, text, f"requests.{name}")


RULES = (not_counted,)
