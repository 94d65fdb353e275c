"""Three-valued evaluation of selectors on devices with unknown values.

A value with a few possibilities is tried with each of them. If nothing is known about a value, the expression is split
at `&&`, `||`, `!` and `?:`, because `a && b` is false if either operand is, whatever the other one is. Only its
smallest parts are evaluated, and a part that reads the unknown value is unknown.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import product
from typing import TypeAlias

from blueprint.allocation.devices import Device
from blueprint.cel.comprehensions import text_of
from blueprint.cel.device_reads import AttributeReference, reads_of
from blueprint.cel.devices import BoundDevice, CompileError, DeviceSelector, EvaluationError, compile_selector
from blueprint.cel.syntax import CelExpression

_Truth: TypeAlias = "bool | EvaluationError | None"
"""None means unknown."""
_MOST_WORLDS = 48
"""The maximum number of combinations of possible values. Beyond it, the values are treated as unknown."""


class UncertainError(Exception):
    """Raised if unknown values determine whether the device matches. Contains their names."""


def holds_in_part(selector: DeviceSelector, device: Device, bind: Callable[[Device], BoundDevice]) -> bool:
    """Whether a device matches. Raises UncertainError, and the errors of `DeviceSelector.holds`."""
    missing: set[str] = set()
    found: list[_Truth] = []
    for world in _worlds(selector, device):
        found.append(_truth(selector.tree, selector.text, world, bind(world), missing))
        if found[-1] is None or str(found[-1]) != str(found[0]):
            raise UncertainError(_reason(selector, device, missing))
    if isinstance(found[0], EvaluationError):
        raise found[0]
    return bool(found[0])


def _worlds(selector: DeviceSelector, device: Device) -> Iterator[Device]:
    """The device with every combination of possible values that the selector reads."""
    names = [name for name, values in device.unknown.items() if values and _is_read(name, selector.reads, device)]
    combinations = 1
    for name in names:
        combinations *= len(device.unknown[name])
    if not names or combinations > _MOST_WORLDS:
        yield device
        return
    rest = {name: values for name, values in device.unknown.items() if name not in names}
    for values in product(*(device.unknown[name] for name in names)):
        yield device.with_values(dict(zip(names, values, strict=True)), rest)


def _is_read(name: str, reads: frozenset[AttributeReference] | None, device: Device) -> bool:
    domain, _, id_ = name.rpartition("/")
    return reads is None or any(read.name == id_ and read.domain == (domain or device.driver) for read in reads)


def _reason(selector: DeviceSelector, device: Device, missing: set[str]) -> str:
    read = {name.rpartition("/")[2] for name in device.unknown if _is_read(name, selector.reads, device)}
    names = sorted(missing or read)
    return f"{', '.join(names)} of the device is not known before the node exists"


def _truth(node: CelExpression, text: str, device: Device, bound: BoundDevice, missing: set[str]) -> _Truth:
    if node.kind == "binary" and node.value in ("&&", "||"):
        parts = [_truth(part, text, device, bound, missing) for part in node.parts]
        return _joined(parts, absorbs=node.value == "||")
    if node.kind == "unary" and node.value == "!":
        inner = _truth(node.parts[0], text, device, bound, missing)
        return not inner if isinstance(inner, bool) else inner
    if node.kind == "choice":
        condition = _truth(node.parts[0], text, device, bound, missing)
        if isinstance(condition, bool):
            return _truth(node.parts[1 if condition else 2], text, device, bound, missing)
        return condition
    return _leaf(node, text, device, bound, missing)


def _leaf(node: CelExpression, text: str, device: Device, bound: BoundDevice, missing: set[str]) -> _Truth:
    reads = reads_of(node)
    unknown = {name.rpartition("/")[2] for name in device.unknown if _is_read(name, reads, device)}
    if unknown:
        missing |= unknown
        return None
    try:
        return compile_selector(text_of(node, text)).holds(bound)
    except CompileError:
        return None  # An operand that is not part of a larger expression has another type.
    except EvaluationError as error:
        return error


def _joined(found: list[_Truth], *, absorbs: bool) -> _Truth:
    """The conjunction (`&&`, absorbed by false) or disjunction (`||`, absorbed by true) of all values."""
    if absorbs in found:
        return absorbs
    if None in found:
        return None
    return next((each for each in found if isinstance(each, EvaluationError)), not absorbs)
