"""Search paths that are meant to extend those of the image."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.check.common.containers import literal_env
from blueprint.check.finding import ObjectFinding
from blueprint.check.rule import rule
from blueprint.check.rule_context import DescribedPod, RuleContext
from blueprint.diagnostics import Severity, define
from blueprint.patterns import lazy_pattern
from blueprint.source.paths import format_path

NOT_EXTENDED = define("BP6170", "path-not-extended", page=__file__, severity=Severity.WARNING)
_VARIABLE = lazy_pattern(r"\$(?:\{(\w+)\}|\((\w+)\)|(\w+))")


@rule(NOT_EXTENDED, tags=("reliability",))
def extended(pod: DescribedPod, context: RuleContext) -> Iterator[ObjectFinding]:
    """Variables such as LD_LIBRARY_PATH that refer to themselves and so replace the image's value."""
    for path, container in pod.containers:
        before: set[str] = set()
        for at, name, value in literal_env(container, path):
            used = {next(filter(None, found.groups())) for found in _VARIABLE.finditer(value)}
            if name.endswith("PATH") and name in used - before and not _VARIABLE.fullmatch(value):
                place = (*at[:-1], "name")
                text = (
                    f"{format_path(at, pod.subject.data)} holds ${name}, which is not expanded to "
                    "the value in the image"
                )
                yield ObjectFinding(
                    NOT_EXTENDED, place, text, "write out the whole path, or set it in the command of a shell"
                )
            before.add(name)


RULES = (extended,)
