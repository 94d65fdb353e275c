"""Suggestions for claims that fit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from blueprint.allocation.claims import Claim, DeviceRequest
from blueprint.allocation.devices import Device, NodeGroup
from blueprint.allocation.matching import Match, Matcher, compiled_selector
from blueprint.allocation.verdict import GroupAnswer
from blueprint.allocation.why import amount, described
from blueprint.cel.device_reads import conjuncts
from blueprint.units import quantity_value

_TWICE = 2
_SIZE = "memory"
"""The capacity that determines the size of a device."""


def improvements(
    claims: Sequence[Claim], groups: Sequence[NodeGroup], matcher: Matcher, fits: Sequence[GroupAnswer]
) -> Iterator[str]:
    """One sentence for each suggestion: devices larger than needed, alternatives without a match, redundant
    conditions.
    """
    fitting = [group for group in groups if any(each.group == group.name for each in fits)]
    for claim in claims:
        for alternatives in claim.requests:
            for request in alternatives:
                yield from _several_sizes(request, fitting, matcher)
                yield from _repeated(request, matcher)
                if request.parent and not _matches_any(request, groups, matcher):
                    yield f"no device of any node matches the alternative {request.full_name}"


def _several_sizes(request: DeviceRequest, groups: Sequence[NodeGroup], matcher: Matcher) -> Iterator[str]:
    """Suggestions for requests for which the scheduler may choose a large device although a smaller one suffices."""
    if request.all or request.admin:
        return
    for group in groups:
        vector = matcher.vector(request, group)
        examples, _ = matcher.kinds(group)
        matching = [each for number, each in enumerate(examples) if vector[number] is Match.YES and _size(each)]
        sized = sorted(matching, key=_size)
        if sized and _size(sized[-1]) >= _TWICE * _size(sized[0]):
            sizes = f"{_called(sized[0])} to {_called(sized[-1])}"
            yield (
                f"the request {request.full_name} matches devices from {sizes} on nodes of {group.name}; "
                f"the scheduler takes the first match, not the smallest device"
            )
            return


def _called(device: Device) -> str:
    return f"{described(device)} with {amount(_memory(device))}"


def _memory(device: Device) -> str:
    return next((each for name, each in device.capacity.items() if name.rpartition("/")[2] == _SIZE), "0")


def _size(device: Device) -> int:
    return int(quantity_value(_memory(device)))


def _repeated(request: DeviceRequest, matcher: Matcher) -> Iterator[str]:
    """Conditions that the class already contains."""
    known: set[str] = set()
    for selector, of_class in matcher.selectors(request):
        program = compiled_selector(selector.text).program
        for part in conjuncts(program.tree) if program else ():
            text = "".join(selector.text[part.start : part.end].split()).replace('"', "'")
            if of_class:
                known.add(text)
            elif text in known:
                shown = " ".join(selector.text[part.start : part.end].split())
                yield f"the request {request.full_name} repeats a condition of its DeviceClass: {shown}"


def _matches_any(request: DeviceRequest, groups: Sequence[NodeGroup], matcher: Matcher) -> bool:
    return any(outcome is not Match.NO for group in groups for outcome in matcher.vector(request, group))
