"""Names of MIG resources that no device plugin uses."""

from __future__ import annotations

import re
from collections.abc import Iterator

from blueprint.check.finding import ObjectFinding
from blueprint.check.rule import rule
from blueprint.check.rule_context import DescribedPod, RuleContext
from blueprint.diagnostics import Severity, define
from blueprint.source.paths import format_path

MISSPELT = define("BP6579", "mig-resource-misspelt", page=__file__, severity=Severity.WARNING)
_LOOKS = re.compile(r"nvidia\.com/mig\b", re.IGNORECASE)
_FORM = re.compile(r"nvidia\.com/mig-([0-9]c\.)?[0-9]g\.[0-9]+gb(\.[a-z]+)*(\.shared)?")
_NEAR = re.compile(r"nvidia\.com/mig[-_.]?([0-9])g?[-_.]?([0-9]+)gi?b?(?:[+.-](me|gfx|all))?", re.IGNORECASE)


@rule(MISSPELT, tags=("scheduling", "mig"))
def misspelt(pod: DescribedPod, context: RuleContext) -> Iterator[ObjectFinding]:
    """Resources that look like MIG devices but are not. Not checked if the pools are known."""
    for path, name, _ in () if context.pools else pod.requests:
        if path[-2] == "limits" and _LOOKS.match(name) and not _FORM.fullmatch(name):
            near = _NEAR.fullmatch(name)
            text = f"{format_path(path, pod.subject.data)}: no device plugin offers {name}"
            usual = "use a name like nvidia.com/mig-1g.10gb: compute slices, memory, and any suffix after a dot"
            yield ObjectFinding(MISSPELT, path, text, f"did you mean {_named(near)}?" if near else usual)


def _named(found: re.Match[str]) -> str:
    return f"nvidia.com/mig-{found[1]}g.{found[2]}gb" + (f".{found[3].lower()}" if found[3] else "")


RULES = (misspelt,)
