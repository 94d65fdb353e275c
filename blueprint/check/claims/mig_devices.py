"""Claims of several MIG devices for one container."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.bundle.model import Object
from blueprint.check.claims.model import Request, requests_of, sort_from_selectors, sort_of
from blueprint.check.finding import ObjectFinding
from blueprint.check.rule import rule
from blueprint.check.rule_context import RuleContext
from blueprint.diagnostics import Severity, define

SEVERAL_CLAIMED = define("BP6577", "several-mig-devices-claimed", page=__file__, severity=Severity.WARNING)
_OF_THE_DRIVER = "mig.nvidia.com"


def is_mig(request: Request, context: RuleContext) -> bool:
    """Whether a request is for MIG devices, according to its class or its own selectors."""
    texts = tuple(each.text for each in request.selectors)
    sort = sort_of(request.of_class, context) or sort_from_selectors(texts)
    return request.of_class == _OF_THE_DRIVER or sort == "mig"


@rule(SEVERAL_CLAIMED, tags=("dra", "mig"))
def several(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """Requests for more than one MIG device."""
    for request in requests_of(subject):
        everything = request.requests_all and request.data.get("adminAccess") is not True
        if (everything or request.count > 1) and is_mig(request, context):
            many, key = ("all", "allocationMode") if everything else (request.count, "count")
            text = f"{request.name or 'it'} requests {many} MIG devices, but a CUDA process uses only one"
            help_ = "request 1; use a larger profile, or more pods"
            yield ObjectFinding(SEVERAL_CLAIMED, (*request.path, key), text, help_)


RULES = (several,)
