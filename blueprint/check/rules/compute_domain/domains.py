"""A ComputeDomain: the driver that serves it, its number of nodes, and its claim template."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from blueprint.bundle.model import Object
from blueprint.check.finding import ObjectFinding
from blueprint.check.rule import Capability, rule
from blueprint.check.rule_context import RuleContext, inside, severity_across_files
from blueprint.diagnostics import Severity, define

DOMAINS_OFF = define("BP6426", "compute-domain-not-served", page=__file__)
TEMPLATE_TAKEN = define("BP6424", "template-of-the-controller", page=__file__)
NUMBER_OF_NODES = define("BP6425", "number-of-nodes", page=__file__, severity=Severity.WARNING)
TEMPLATE = ("spec", "channel", "resourceClaimTemplate", "name")


@rule(DOMAINS_OFF, tags=("dra",), needs=(Capability.CLAIMS,))
def served(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """A compute domain that nothing implements."""
    dra = context.dra
    if dra is None or dra.domains:
        return
    if dra.driver is None:
        text, help_ = "this stack has no DRA driver, so nothing implements compute domains", "set allocation: dra"
    else:
        text, help_ = "compute domains are disabled", "set nvlinkDomain in a pool, or computeDomains: always"
    override = Severity.WARNING if dra.driver is None else None
    yield ObjectFinding(DOMAINS_OFF, ("metadata", "name"), text, help_, override)


@rule(TEMPLATE_TAKEN, tags=("dra",))
def template(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """A template that is also created elsewhere."""
    name = inside(subject.data, *TEMPLATE)
    if not isinstance(name, str):
        return
    first = context.once(_by_template)[subject.id.namespace, name]
    if first.id != subject.id:
        text = f"the template {name} already belongs to {first.id}"
        override = severity_across_files(subject, first, context)
        yield ObjectFinding(TEMPLATE_TAKEN, TEMPLATE, text, "use another name", override)
    if other := context.named("resource.k8s.io", "ResourceClaimTemplate", subject.id.namespace).get(name):
        text = f"the ResourceClaimTemplate {name} already exists, but the controller has to create it"
        override = severity_across_files(subject, other, context)
        yield ObjectFinding(TEMPLATE_TAKEN, TEMPLATE, text, "remove the manifest, or use another name", override)


def _by_template(context: RuleContext) -> Mapping[tuple[str, str], Object]:
    """The first ComputeDomain of a namespace with a template of a name."""
    found: dict[tuple[str, str], Object] = {}
    for each in context.objects_of_kind("ComputeDomain"):
        found.setdefault((each.id.namespace, str(inside(each.data, *TEMPLATE))), each)
    return found


@rule(NUMBER_OF_NODES, tags=("dra",), needs=(Capability.CLAIMS,))
def nodes(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """A number of nodes that has no effect, or that is missing."""
    number, dra = inside(subject.data, "spec", "numNodes"), context.dra
    if dra is None or not dra.driver or not isinstance(number, int):
        return
    by_name = "IMEXDaemonsWithDNSNames" in dra.open
    if number > 0 and by_name:
        text = f"numNodes is {number}, but it no longer delays any pod"
        yield ObjectFinding(NUMBER_OF_NODES, ("spec", "numNodes"), text, "set it to 0")
    elif number == 0 and not by_name:
        text = "numNodes is 0, but without the feature gate IMEXDaemonsWithDNSNames it must be the number of nodes"
        yield ObjectFinding(
            NUMBER_OF_NODES, ("spec", "numNodes"), text, "set it to the number of nodes", Severity.ERROR
        )


RULES = (served, template, nodes)
