"""Matches devices with requests. Each selector is evaluated once per kind of device, by the CEL library."""

from __future__ import annotations

import enum
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

from blueprint.allocation.claims import ClaimableClass, DeviceRequest, SelectorText
from blueprint.allocation.devices import Device, NodeGroup
from blueprint.allocation.kleene import UncertainError, holds_in_part
from blueprint.allocation.shares import share
from blueprint.cel.device_reads import AttributeReference
from blueprint.cel.devices import (
    BoundDevice,
    CompileError,
    DeviceSelector,
    EvaluationError,
    UnsupportedError,
    compile_selector,
)
from blueprint.records import Record

_Key = tuple[Any, int, str]


class Match(enum.IntEnum):
    """Whether a device matches. ABORTS: the selector fails for the device, which stops the scheduling of the pod."""

    NO = 0
    YES = 1
    UNKNOWN = 2
    ABORTS = 3


class SelectorFault(Record):
    """An error in a selector: its class, unless it belongs to the claim, the reason, and the request."""

    selector: SelectorText
    of_class: str
    reason: str
    request: str = ""

    def __str__(self) -> str:
        where = f"the DeviceClass {self.of_class}" if self.of_class else "the claim"
        return f"a selector of {where} fails: {self.reason}"


class Compiled(Record):
    """The result of compiling a selector: the program, or the error."""

    program: DeviceSelector | None = None
    refused: str = ""
    unsupported: str = ""


class Matcher:
    """Evaluates selectors on devices and caches the results."""

    def __init__(self, classes: Mapping[str, ClaimableClass]) -> None:
        self.classes = classes
        self.faults: dict[_Key, SelectorFault] = {}
        """Why a request aborts, by its selectors, the number of the device's kind, and the group."""
        self._bound: dict[object, BoundDevice] = {}
        self._outcomes: dict[tuple[str, object], tuple[Match, str]] = {}
        self._kinds: dict[str, tuple[tuple[Device, ...], tuple[int, ...]]] = {}
        self._shapes: dict[tuple[str, frozenset[AttributeReference] | None], tuple[int, ...]] = {}
        self._vectors: dict[tuple[Any, str], tuple[Match, ...]] = {}

    def kinds(self, group: NodeGroup) -> tuple[tuple[Device, ...], tuple[int, ...]]:
        """One device of each kind that selectors can distinguish, and the kind of each device of a node."""
        if group.name not in self._kinds:
            numbers: dict[object, int] = {}
            examples: list[Device] = []
            of: list[int] = []
            for device in group.devices:
                number = numbers.setdefault(device.identity, len(numbers))
                if number == len(examples):
                    examples.append(device)
                of.append(number)
            self._kinds[group.name] = tuple(examples), tuple(of)
        return self._kinds[group.name]

    def selectors(self, request: DeviceRequest) -> tuple[tuple[SelectorText, str], ...]:
        """The selectors of a request in evaluation order, each with the name of its class."""
        its = self.classes.get(request.device_class)
        of_class = tuple((each, its.name) for each in its.selectors) if its else ()
        return (*of_class, *((each, "") for each in request.selectors))

    def vector(self, request: DeviceRequest, group: NodeGroup) -> tuple[Match, ...]:
        """For each kind of device in a group, whether it matches a request."""
        key = request.selects, group.name
        if key not in self._vectors:
            self._vectors[key] = tuple(self._vector(request, group))
        return self._vectors[key]

    def _vector(self, request: DeviceRequest, group: NodeGroup) -> Iterator[Match]:
        """Evaluate once for all kinds with the same values of everything that the selectors read."""
        examples, _ = self.kinds(group)
        chain = self.selectors(request)
        found: dict[int, Match] = {}
        for number, alike in enumerate(self._alike(group, None if request.capacity else _reads(chain))):
            key = request.selects, alike, group.name
            if alike not in found:
                found[alike] = self._match(request, chain, examples[alike], key)
            if found[alike] is Match.ABORTS:
                self.faults[request.selects, number, group.name] = self.faults[key]
            yield found[alike]

    def _alike(self, group: NodeGroup, reads: frozenset[AttributeReference] | None) -> tuple[int, ...]:
        """For each kind of device, the first one with the same values of what is read. None: everything may be read."""
        key = group.name, reads
        if key not in self._shapes:
            first: dict[object, int] = {}
            examples, _ = self.kinds(group)
            shapes = (each.identity if reads is None else each.shape(reads) for each in examples)
            self._shapes[key] = tuple(first.setdefault(shape, number) for number, shape in enumerate(shapes))
        return self._shapes[key]

    def _match(
        self,
        request: DeviceRequest,
        chain: Sequence[tuple[SelectorText, str]],
        device: Device,
        key: _Key,
    ) -> Match:
        certain = True
        for selector, of_class in chain:
            outcome, reason = self.outcome(selector.text, device)
            if outcome is Match.NO:
                return Match.NO
            if outcome is Match.ABORTS and certain:
                self.faults[key] = SelectorFault(selector, of_class, reason)
                return Match.ABORTS
            certain = certain and outcome is Match.YES
        if request.capacity and share(request.capacity, device) is None:
            return Match.NO
        return Match.YES if certain else Match.UNKNOWN

    def outcome(self, text: str, device: Device) -> tuple[Match, str]:
        """Whether one expression holds for a device, and why it fails or cannot be evaluated."""
        key = text, device.identity
        if key not in self._outcomes:
            self._outcomes[key] = self._evaluated(text, device)
        return self._outcomes[key]

    def doubt(self, request: DeviceRequest, device: Device) -> str:
        """Why it is unknown whether a device matches."""
        outcomes = (self.outcome(selector.text, device) for selector, _ in self.selectors(request))
        return next((reason for outcome, reason in outcomes if outcome is Match.UNKNOWN), "")

    def _evaluated(self, text: str, device: Device) -> tuple[Match, str]:
        compiled = compiled_selector(text)
        if compiled.program is None:
            return Match.UNKNOWN, compiled.refused or compiled.unsupported
        try:
            if device.unknown:
                return (Match.YES if holds_in_part(compiled.program, device, self._bind) else Match.NO), ""
            return (Match.YES if compiled.program.holds(self._bind(device)) else Match.NO), ""
        except UncertainError as error:
            return Match.UNKNOWN, str(error)
        except UnsupportedError as error:
            return Match.UNKNOWN, str(error)
        except EvaluationError as error:
            return Match.ABORTS, str(error)

    def _bind(self, device: Device) -> BoundDevice:
        if device.identity not in self._bound:
            self._bound[device.identity] = BoundDevice(
                device.driver, device.attributes, device.capacity, multiple=device.multiple
            )
        return self._bound[device.identity]


def _reads(chain: Sequence[tuple[SelectorText, str]]) -> frozenset[AttributeReference] | None:
    """Everything that the selectors read; None if this cannot be determined for one of them."""
    found: set[AttributeReference] = set()
    for selector, _ in chain:
        program = compiled_selector(selector.text).program
        reads = program.reads if program else frozenset()
        if reads is None:
            return None
        found |= reads
    return frozenset(found)


@lru_cache(maxsize=8192)
def compiled_selector(text: str) -> Compiled:
    """The program of an expression, or the error."""
    try:
        return Compiled(compile_selector(text))
    except CompileError as error:
        return Compiled(refused=str(error))
    except UnsupportedError as error:
        return Compiled(unsupported=str(error))
