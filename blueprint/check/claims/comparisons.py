"""Comparisons in device selectors: whether the types are comparable, and whether any GPU of the platform can match."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from blueprint.bundle.model import Object
from blueprint.cel.device_reads import AttributeReference, conjuncts, reference
from blueprint.cel.syntax import CelExpression
from blueprint.check.claims.constraints import allowed_texts, minimum_amount
from blueprint.check.claims.dra_context import DraContext, PoolDevices
from blueprint.check.claims.model import requests_of, selected, tree_of
from blueprint.check.claims.selectors import table
from blueprint.check.finding import ObjectFinding
from blueprint.check.rule import Capability, rule
from blueprint.check.rule_context import RuleContext, mapping
from blueprint.diagnostics import Severity, define, nearest
from blueprint.patterns import lazy_pattern
from blueprint.units import quantity_value

NOT_COMPARABLE = define("BP6407", "selector-of-another-type", page=__file__)
TOO_MUCH_MEMORY = define("BP6408", "memory-beyond-every-gpu", page=__file__, severity=Severity.WARNING)
NOTHING_FITS = define("BP6409", "selector-matches-no-device", page=__file__)
_ORDER = ("<", "<=", ">", ">=")
_SEMVER = lazy_pattern(r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)([-+][0-9A-Za-z.+-]+)?")
_TYPES = {"string": (str, "text"), "int": (int, "a whole number"), "bool": (bool, "true or false")}
_MAKERS = {"version": "semver", "quantity": "quantity"}
_USUAL = {"version": "580.0.0", "quantity": "79Gi"}
_COMPARE = ("compareTo", "isGreaterThan", "isLessThan")
_TEXT_ONLY = ("startsWith", "endsWith", "contains", "matches", "lowerAscii", "upperAscii", "split", "replace")


@rule(NOT_COMPARABLE, tags=("dra",), needs=(Capability.CLAIMS,))
def comparable(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """Comparisons between different types, and invalid versions or quantities."""
    if context.dra is None:
        return
    for _, _, selectors, _ in selected(subject, context):
        for path, text in selectors:
            tree = tree_of(text)
            for node in tree.walk() if tree else ():
                if why := _literal(node) or _pair(node, context.dra) or _method(node, context.dra):
                    yield ObjectFinding(NOT_COMPARABLE, path, *why, part=(node.start, node.end))


def _literal(node: CelExpression) -> tuple[str, str] | None:
    """An invalid version or quantity."""
    argument = node.parts[0] if node.kind == "call" and len(node.parts) == 1 else None
    if argument is None or argument.kind != "literal" or not isinstance(argument.value, str):
        return None
    text = argument.value
    if node.value == "semver" and not _SEMVER.fullmatch(text):
        numbers = [str(int(part)) for part in re.findall(r"\d+", text)]
        near = f"did you mean {'.'.join([*numbers, '0', '0'][:3])}?" if numbers else "write a version such as 580.0.0"
        return f"{text} is not a semantic version", near
    if node.value == "quantity" and _amount(text) is None:
        near = re.sub(r"^(\d+)\s*([KMGT])i?[Bb]?$", r"\1\2i", text)
        return f"{text} is not a quantity", f"did you mean {near}?" if near != text else "write a quantity such as 79Gi"
    return None


def _amount(text: object) -> int | None:
    try:
        return int(quantity_value(str(text)))
    except ValueError:
        return None


def _type(node: CelExpression, dra: DraContext) -> tuple[str, str] | None:
    """The name and type of the attribute or capacity that is read."""
    read = reference(node)
    if read is None or (found := table(read, dra).get(read.name)) is None:
        return None
    listed = read.name == "numaNode" and "DRAListTypeAttributes" in dra.open
    return None if listed else (read.name, found.type)


def _pair(node: CelExpression, dra: DraContext) -> tuple[str, str] | None:
    """A comparison of an attribute with a value of another type."""
    if node.kind != "binary" or node.value not in (*_ORDER, "==", "!=", "in"):
        return None
    left, right = node.parts
    if node.value == "in":
        others = right.parts if right.kind == "list" else ()
        return next(filter(None, (_unlike(left, each, "==", dra) for each in others)), None)
    return _unlike(left, right, node.value, dra) or _unlike(right, left, node.value, dra)


def _unlike(one: CelExpression, other: CelExpression, operator: str, dra: DraContext) -> tuple[str, str] | None:
    known = _type(one, dra)
    if known is None:
        return None
    name, kind = known
    if maker := _MAKERS.get(kind):
        help_ = f"{name}.compareTo({maker}('{_USUAL[kind]}')) {operator} 0"
        if other.kind == "literal":
            return f"{name} is a {kind}, but is compared with {_literal_text(other)}", f"write {help_}"
        return (f"a {kind} cannot be compared with {operator}", f"write {help_}") if operator in _ORDER else None
    type_, words = _TYPES[kind]
    if other.kind == "literal" and (not isinstance(other.value, type_) or (type_ is int and other.value is True)):
        return f"{name} is {words}, but is compared with {_literal_text(other)}", f"compare it with {words}"
    return None


def _literal_text(node: CelExpression) -> str:
    return f"the text {node.value}" if isinstance(node.value, str) else str(node.value).lower()


def _method(node: CelExpression, dra: DraContext) -> tuple[str, str] | None:
    """A function that the attribute's type does not have."""
    known = _type(node.parts[0], dra) if node.method else None
    if known is None:
        return None
    (name, kind), maker = known, _MAKERS.get(known[1])
    if maker is None:
        return (f"{name} has no function {node.value}", "compare it with ==") if node.value in _COMPARE else None
    help_ = f"write {name}.compareTo({maker}('{_USUAL[kind]}')) >= 0"
    if node.value in _TEXT_ONLY:
        return f"{name} is a {kind}, but the function {node.value} applies only to strings", help_
    if node.value in _COMPARE and len(node.parts) > 1 and node.parts[1].kind == "literal":
        return f"{name} is a {kind}, but is compared with {_literal_text(node.parts[1])}", help_
    return None


@rule(TOO_MUCH_MEMORY, tags=("dra",), needs=(Capability.CLAIMS,))
def reachable(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """Requests for more memory than any GPU has."""
    most = _largest_memory(context.dra)
    if most is None:
        return
    for sort, _, selectors, _ in selected(subject, context):
        for path, text in selectors if sort in ("gpu", "mig") else ():
            for node in conjuncts(tree_of(text)):
                if (wanted := minimum_amount(node)) and (amount := _amount(wanted)) and amount > most:
                    yield ObjectFinding(TOO_MUCH_MEMORY, path, *_beyond(wanted, most), part=(node.start, node.end))
    for request in requests_of(subject):
        requested = mapping(mapping(request.data.get("capacity")).get("requests")).get("memory")
        if (amount := _amount(requested)) and amount > most:
            path = (*request.path, "capacity", "requests", "memory")
            yield ObjectFinding(TOO_MUCH_MEMORY, path, *_beyond(str(requested), most))


def _largest_memory(dra: DraContext | None) -> int | None:
    """The memory of the largest GPU in bytes; None if it is unknown for some pool."""
    if dra is None or dra.driver is None:
        return None
    known = [each.memory_mib for each in dra.products if each.memory_mib is not None]
    return max(known) * 2**20 if known and len(known) == len(dra.products) else None


def _beyond(wanted: str, most: int) -> tuple[str, str]:
    return (
        f"{wanted} of memory is requested, but the largest GPU has {most / 2**30:.1f}Gi",
        f"request at most {most // 2**30}Gi",
    )


@rule(NOTHING_FITS, tags=("dra",), needs=(Capability.CLAIMS,))
def fitting(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """Profiles, products and architectures that no GPU has."""
    dra = context.dra
    if dra is None or dra.driver is None or not dra.products:
        return
    for sort, _, selectors, _ in selected(subject, context):
        for path, text in selectors:
            for node in conjuncts(tree_of(text)):
                for name, has in _HAVE.items():
                    wanted = allowed_texts(node, AttributeReference("attributes", "gpu.nvidia.com", name))
                    if (
                        wanted
                        and (name != "profile" or sort in ("mig", None))
                        and (why := _none_of(wanted, name, has, dra))
                    ):
                        yield ObjectFinding(NOTHING_FITS, path, *why, part=(node.start, node.end))


def _none_of(
    wanted: tuple[str, ...], name: str, has: Callable[[PoolDevices], tuple[str, ...] | None], dra: DraContext
) -> tuple[str, str | None, Severity | None] | None:
    found = [has(each) for each in dra.products]
    there = sorted({text for each in found if each is not None for text in each})
    alternatives = " or ".join(dict.fromkeys(wanted))
    if not any(each is None for each in found) and not set(wanted) & set(there):
        near = nearest(wanted[0], there) if name != "profile" else None
        help_ = f"did you mean {near}?" if near else f"available: {', '.join(there) or 'none'}"
        return f"no GPU in any pool has the {_WORDS[name]} {alternatives}", help_, None
    cut = {profile for each in dra.products for profile in each.cut}
    if name == "profile" and not dra.dynamic_mig and not set(wanted) & cut:
        help_ = "set gpu.mig in a pool, or draFeatureGates: {DynamicMIG: true}"
        return f"no pool's GPUs are partitioned into {alternatives}", help_, Severity.WARNING
    return None


_HAVE: dict[str, Callable[[PoolDevices], tuple[str, ...] | None]] = {
    "profile": lambda product: product.profiles,
    "productName": lambda product: product.names,
    "architecture": lambda product: (product.architecture,) if product.architecture else None,
}
_WORDS = {"profile": "profile", "productName": "name", "architecture": "architecture"}
RULES = (comparable, reachable, fitting)
