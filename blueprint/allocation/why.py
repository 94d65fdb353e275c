"""Explains why a device does not match: the first condition that is false, and the device's value."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.allocation.claims import DeviceRequest
from blueprint.allocation.devices import Device, NodeGroup
from blueprint.allocation.matching import Match, Matcher, compiled_selector
from blueprint.cel.comprehensions import text_of
from blueprint.cel.device_reads import AttributeReference, conjuncts, domain, reference
from blueprint.cel.syntax import CelExpression
from blueprint.records import Record
from blueprint.units import canonical_quantity, quantity_value

_DESCRIBING = ("productName", "profile", "type")
"""Attributes that describe a device for users, in order of preference, for any driver."""
_COMPARED = {"isGreaterThan": ">", "isLessThan": "<"}
_LONGEST = 80


class Reason(Record):
    """Why the devices of one kind do not match.

    Attributes:
        group: The nodes.
        device: A description of the device.
        number: The number of such devices per node.
        text: Why they do not match.
    """

    group: str
    device: str
    number: int
    text: str

    def __str__(self) -> str:
        return f"{self.number} {self.device} of each node of {self.group}: {self.text}"


def reasons(matcher: Matcher, request: DeviceRequest, group: NodeGroup) -> Iterator[Reason]:
    """Why the devices of a group do not match a request, by kind of device. Devices of other classes are combined,
    last.
    """
    vector = matcher.vector(request, group)
    examples, kinds = matcher.kinds(group)
    found: dict[tuple[str, str], int] = {}
    others = 0
    for number, device in enumerate(examples):
        if vector[number] is Match.NO and _is_of_another_class(matcher, request, device):
            others += kinds.count(number)
        elif vector[number] is not Match.YES:
            key = described(device), explain(matcher, request, device)
            found[key] = found.get(key, 0) + kinds.count(number)
    for (name, text), number in found.items():
        yield Reason(group.name, name, number, text)
    if others:
        name = "other devices" if others > 1 else "other device"
        text = f"{'they are' if others > 1 else 'it is'} not of the DeviceClass {request.device_class}"
        yield Reason(group.name, name, others, text)


def _is_of_another_class(matcher: Matcher, request: DeviceRequest, device: Device) -> bool:
    of_class = (each for each, name in matcher.selectors(request) if name)
    return any(matcher.outcome(each.text, device)[0] is Match.NO for each in of_class)


def described(device: Device) -> str:
    """A description of a device: `NVIDIA H100 80GB HBM3 (gpu)`."""
    found = {name.rpartition("/")[2]: next(iter(value.values())) for name, value in device.attributes.items()}
    words = [str(found[name]) for name in _DESCRIBING if name in found]
    return f"{words[0]} ({', '.join(words[1:])})" if len(words) > 1 else (words or [device.name])[0]


def explain(matcher: Matcher, request: DeviceRequest, device: Device) -> str:
    """The first condition that a device does not satisfy."""
    for selector, _ in matcher.selectors(request):
        outcome, reason = matcher.outcome(selector.text, device)
        if outcome is Match.NO:
            return _false_part(matcher, selector.text, device)
        if outcome is not Match.YES:
            return reason
    for name, wanted in request.capacity.items():
        there = device.capacity.get(name)
        if there is None or quantity_value(there) < quantity_value(wanted):
            return f"{name} is {amount(there) if there else 'absent'}, but {wanted} is requested"
    return "it matches"


def _false_part(matcher: Matcher, text: str, device: Device) -> str:
    program = compiled_selector(text).program
    if program is None:
        return "the selector is false"
    parts = list(conjuncts(program.tree))
    for part in parts if len(parts) > 1 else ():
        if matcher.outcome(text_of(part, text), device)[0] is Match.NO:
            return _condition(part, text, device)
    return _condition(program.tree, text, device)


def _condition(node: CelExpression, text: str, device: Device) -> str:
    """The condition that is false, described in words if it has a common form."""
    if (absent := _absent(node)) and not _value(absent, device):
        return f"it has no {absent.name}"
    if (found := _comparison(node)) and (value := _value(found[0], device)):
        return f"{found[0].name} is {value}, required: {found[1]}"
    reads = dict.fromkeys(each for part in node.walk() if (each := reference(part)))
    values = [f"{read.name} is {_value(read, device) or 'absent'}" for read in reads]
    shown = " ".join(text_of(node, text).split())
    shown = shown if len(shown) <= _LONGEST else shown[: _LONGEST - 1] + "…"
    return f"{shown} is false" + (f", where {' and '.join(values)}" if values else "")


def _absent(node: CelExpression) -> AttributeReference | None:
    """The attribute whose presence a condition tests, if it tests nothing else."""
    if node.kind == "call" and node.value == "has" and len(node.parts) == 1:
        return reference(node.parts[0])
    if node.kind == "binary" and node.value == "in" and (where := domain(node.parts[1])):
        return AttributeReference(*where, str(node.parts[0].value))
    return None


def _comparison(node: CelExpression) -> tuple[AttributeReference, str] | None:
    """The attribute that is compared, and the comparison: `>= 80Gi`."""
    if node.kind == "call" and node.value in _COMPARED and len(node.parts) == 2:  # noqa: PLR2004 - object and argument
        return _with(node.parts[0], _COMPARED[node.value], _made(node.parts[1]))
    if node.kind != "binary":
        return None
    left, right = node.parts[:2]
    if left.kind == "call" and left.value == "compareTo" and right.kind == "literal" and right.value == 0:
        return _with(left.parts[0], str(node.value), _made(left.parts[1]))
    if node.value == "in" and right.kind == "list":
        return _with(left, "one of", ", ".join(str(each.value) for each in right.parts))
    if node.value not in ("==", "!=", "<", "<=", ">", ">="):
        return None
    if reference(left) is None:
        left, right = right, left
    operator = "" if node.value == "==" else str(node.value)
    return _with(left, operator, str(right.value) if right.kind == "literal" else None)


def _made(node: CelExpression) -> str | None:
    """The argument of `quantity('80Gi')`."""
    literal = node.kind == "call" and len(node.parts) == 1 and node.parts[0].kind == "literal"
    return str(node.parts[0].value) if literal else None


def _with(node: CelExpression, operator: str, wanted: str | None) -> tuple[AttributeReference, str] | None:
    """The comparison with an attribute, which may be wrapped in `lowerAscii()` or a similar function."""
    read = reference(node)
    return (read, f"{operator} {wanted}".strip()) if read and wanted is not None else None


def _value(read: AttributeReference, device: Device) -> str:
    """The value of a device in readable form; empty if it has none."""
    possible = device.possible(read.domain, read.name)
    if possible == ():
        return "not known"
    if read.field == "capacity":
        there = possible or tuple(filter(None, (device.amount(read.domain, read.name),)))
        amounts = [amount(each) for each in there if each]
        return " to ".join(dict.fromkeys((amounts[0], amounts[-1]))) if amounts else ""
    value = device.attribute(read.domain, read.name)
    values = [each for each in possible or (value,) if each]
    return " or ".join(str(next(iter(each.values()))) for each in values)


def amount(quantity: str) -> str:
    """A quantity with a readable suffix: bytes in Mi."""
    value = quantity_value(quantity)
    if value >= 2**20 and value % 2**20 == 0:
        return canonical_quantity(f"{int(value) // 2**20}Mi") if value % 2**30 == 0 else f"{int(value) // 2**20}Mi"
    return canonical_quantity(quantity)
