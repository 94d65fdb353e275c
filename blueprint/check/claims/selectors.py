"""Device selectors: whether they can be parsed, and whether the driver publishes what they read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from blueprint.bundle.model import Object
from blueprint.catalog.component_files.devices import Published
from blueprint.cel.device_reads import AttributeReference, domain, reference
from blueprint.cel.syntax import CelError, CelExpression, parse
from blueprint.check.claims.dra_context import DraContext
from blueprint.check.claims.model import Selector, selected, tree_of
from blueprint.check.finding import ObjectFinding
from blueprint.check.rule import Capability, rule
from blueprint.check.rule_context import RuleContext
from blueprint.diagnostics import Severity, define, nearest
from blueprint.wording import joined

UNREADABLE = define("BP6404", "selector-unreadable", page=__file__)
NOT_PUBLISHED = define("BP6405", "attribute-not-published", page=__file__)
NOT_GUARDED = define("BP6406", "attribute-not-guarded", page=__file__, severity=Severity.WARNING)


_MEMORY = AttributeReference("capacity", "gpu.nvidia.com", "memory")
_OF_A_PRODUCT = frozenset({"productName", "architecture", "cudaComputeCapability"})
_BY_PRODUCT = "use device.attributes['gpu.nvidia.com'].productName"


@rule(UNREADABLE, tags=("dra",))
def readable(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """Invalid expressions."""
    for _, _, selectors, _ in selected(subject, context):
        for path, text in selectors:
            try:
                parse(text)
            except CelError as error:
                part = (error.start, error.end)
                message = f"the selector has a syntax error at character {error.start + 1}: {error.text}"
                yield ObjectFinding(
                    UNREADABLE, path, message, "see the definition of the CEL language on cel.dev", part=part
                )


@rule(NOT_PUBLISHED, tags=("dra",), needs=(Capability.CLAIMS,))
def published(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """Attributes and capacities that the driver does not publish."""
    dra = context.dra
    if dra is None or dra.driver is None:
        return
    for sort, _, selectors, before in selected(subject, context):
        guarded = _guarded(selectors, before)
        for path, text in selectors:
            for read, node in _once(text).items():
                why = _unknown(read, sort, dra) or (None if read in guarded else _memory_of_none(read, sort, dra))
                if why:
                    message = f"{read.field}['{read.domain}'].{read.name} is not published{why[0]}"
                    yield ObjectFinding(NOT_PUBLISHED, path, message, why[1], part=(node.start, node.end))


@rule(NOT_GUARDED, tags=("dra",), needs=(Capability.CLAIMS,))
def guarded(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """Attributes that some devices lack, read without a guard."""
    dra = context.dra
    if dra is None or dra.driver is None:
        return
    for sort, _, selectors, before in selected(subject, context):
        guarded = _guarded(selectors, before)
        others = _chosen_by(selectors, before)
        for path, text in selectors:
            for read, node in _once(text).items():
                found = table(read, dra).get(read.name)
                optional = found and sort in found.optional
                optional = optional or (not others and _memory_of_some(read, sort, dra))
                if optional and read not in guarded and not _unknown(read, sort, dra):
                    message = f"not every device has {read.name}, and the expression does not test for it first"
                    help_ = f"'{read.name}' in device.{read.field}['{read.domain}'] && ..."
                    yield ObjectFinding(NOT_GUARDED, path, message, help_, part=(node.start, node.end))


def _guarded(selectors: tuple[Selector, ...], before: tuple[str, ...]) -> set[AttributeReference]:
    return {each for text in (*before, *(text for _, text in selectors)) for each in guards(text)}


def _chosen_by(selectors: tuple[Selector, ...], before: tuple[str, ...]) -> bool:
    """Whether expressions select by product: if such a condition is false for a device, an error in another one does
    not matter.
    """
    texts = (*before, *(text for _, text in selectors))
    return any(read.name in _OF_A_PRODUCT for text in texts for read, _ in reads(text))


def _is_memory(read: AttributeReference, sort: str | None, dra: DraContext) -> bool:
    return read == _MEMORY and sort in ("gpu", None) and any(each.unified_memory for each in dra.products)


def _memory_of_none(read: AttributeReference, sort: str | None, dra: DraContext) -> tuple[str, str] | None:
    """Why no GPU of the pools has the memory that is read, and what to do; None if some have it."""
    if not _is_memory(read, sort, dra) or not all(each.unified_memory for each in dra.products):
        return None
    pools = joined(sorted({each.pool for each in dra.products}))
    return f" for the GPUs of {pools}: NVML reports no memory for GPUs that share memory with the CPU", _BY_PRODUCT


def _memory_of_some(read: AttributeReference, sort: str | None, dra: DraContext) -> bool:
    return _is_memory(read, sort, dra) and not all(each.unified_memory for each in dra.products)


def table(read: AttributeReference, dra: DraContext) -> Mapping[str, Published]:
    """Everything that is published in the domain that is read."""
    devices = dra.devices
    return (devices.attributes if read.field == "attributes" else devices.capacities).get(read.domain, {})


def reads(text: str) -> Iterator[tuple[AttributeReference, CelExpression]]:
    """All attributes and capacities that an expression reads, except guarded ones."""
    tree = tree_of(text)
    return _reads(tree) if tree else iter(())


def _once(text: str) -> dict[AttributeReference, CelExpression]:
    """The first position at which each is read."""
    return dict(reversed([*reads(text)]))


def _reads(node: CelExpression) -> Iterator[tuple[AttributeReference, CelExpression]]:
    if node.kind == "call" and node.value == "has":
        return
    found = reference(node)
    if found and not node.optional:
        yield found, node
    else:
        for part in node.parts:
            yield from _reads(part)


def guards(text: str) -> Iterator[AttributeReference]:
    """The attributes whose presence an expression tests."""
    tree = tree_of(text)
    for node in tree.walk() if tree else ():
        if node.kind == "call" and node.value == "has" and len(node.parts) == 1:
            if found := reference(node.parts[0]):
                yield found
        elif node.kind == "binary" and node.value == "in" and (where := domain(node.parts[1])):
            yield AttributeReference(*where, str(node.parts[0].value))


def _unknown(read: AttributeReference, sort: str | None, dra: DraContext) -> tuple[str, str] | None:
    """Why no driver publishes it, and what to do; None if a driver does, or may."""
    there = table(read, dra)
    version = dra.driver or ""
    if not there:
        domains = (*dra.devices.attributes, *dra.devices.capacities)
        if sort is None:
            return None
        return " by this driver", f"domains: {', '.join(dict.fromkeys(domains))}"
    if sort is None and read.domain == "resource.kubernetes.io":
        return None
    found = there.get(read.name)
    if found is not None and found.known_to(version, dra.open):
        if sort is None or sort in found.of:
            return None
        return f" for devices of type {sort}", f"only for {', '.join(found.of)}"
    return f" by version {version} of the driver", _instead(read, there, found, sort, dra)


def _instead(
    read: AttributeReference, there: Mapping[str, Published], found: Published | None, sort: str | None, dra: DraContext
) -> str:
    if found and found.gate and found.gate not in dra.open:
        return f"set draFeatureGates: {{{found.gate}: true}}"
    if found:
        return (
            f"it is published from {found.since}"
            if found.since and not found.until
            else f"it is no longer published from {found.until}"
        )
    version = dra.driver or ""
    others = (domain for domain, names in dra.devices.attributes.items() if read.name in names)
    if other := next(others, None):
        return f"device.attributes['{other}'].{read.name}"
    all_ = {name: each for name, each in there.items() if each.known_to(version, dra.open)}
    names = [name for name, each in all_.items() if sort is None or sort in each.of]
    near = nearest(read.name, names)
    return f"did you mean {near}?" if near else f"published: {', '.join(sorted(names))}"


RULES = (readable, published, guarded)
