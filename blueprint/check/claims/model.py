"""The contents of claims and classes in any API version: requests, and selector expressions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from blueprint.bundle.model import Object, Path
from blueprint.cel.device_reads import conjuncts, reference
from blueprint.check.rule_context import RuleContext, items, mapping
from blueprint.records import Record

if TYPE_CHECKING:
    from blueprint.cel.syntax import CelExpression

CLASS = "DeviceClass"
MOST = 32
"""Selectors of a request or a class, and requests of a claim, that the API allows. Further selectors are not read."""


class Selector(NamedTuple):
    """An expression and its path."""

    path: Path
    text: str


class Request(Record):
    """One request of a claim, or one alternative of a request.

    Attributes:
        path: The path of class, count and selectors.
        name: The name in configurations, `gpu` or `gpu/large`.
        data: The fields of the request.
        index: The index of the request that it belongs to.
    """

    path: Path
    name: str
    data: Mapping[Any, Any]
    index: int

    @property
    def of_class(self) -> str:
        """The name of its DeviceClass; empty if it has none."""
        return str(self.data.get("deviceClassName", ""))

    @property
    def count(self) -> int:
        """The number of devices; 1 if it requests all available ones."""
        count = self.data.get("count", 1)
        return count if isinstance(count, int) else 1

    @property
    def requests_all(self) -> bool:
        """Whether it requests all devices of a node that match."""
        return self.data.get("allocationMode") == "All"

    @property
    def selectors(self) -> tuple[Selector, ...]:
        """Its own expressions."""
        return tuple(_expressions((*self.path, "selectors"), self.data.get("selectors")))


def claim_path(subject: Object) -> Path:
    """The path of the devices in a claim or a claim template."""
    return ("spec", "spec", "devices") if subject.data["kind"] == "ResourceClaimTemplate" else ("spec", "devices")


def devices_of(subject: Object) -> Mapping[Any, Any]:
    """The devices section of a claim or a claim template."""
    here: Any = subject.data
    for step in claim_path(subject):
        here = mapping(here).get(step)
    return mapping(here)


def requests_of(subject: Object) -> tuple[Request, ...]:
    """All requests, or their alternatives instead, if they have any; empty for a class."""
    return tuple(_requests((*claim_path(subject), "requests"), devices_of(subject).get("requests")))


def _requests(at: Path, requests: Any) -> Iterator[Request]:
    for index, each in enumerate(map(mapping, items(requests))):
        name, here = str(each.get("name", "")), (*at, index)
        first = items(each.get("firstAvailable"))
        for position, other in enumerate(map(mapping, first)):
            path = (*here, "firstAvailable", position)
            yield Request(path, f"{name}/{other.get('name', '')}", other, index)
        if "exactly" in each:
            yield Request((*here, "exactly"), name, mapping(each["exactly"]), index)
        elif not first:
            yield Request(here, name, each, index)


def selected(
    subject: Object, context: RuleContext
) -> Iterator[tuple[str | None, str, tuple[Selector, ...], tuple[str, ...]]]:
    """For each request, or for the class: type of device, name of the class, expressions, and the expressions evaluated
    before.
    """
    if subject.data["kind"] == CLASS:
        own = class_selectors(subject)
        yield sort_of(subject.id.name, context), subject.id.name, own, ()
        return
    for request in requests_of(subject):
        its = context.find(CLASS, request.of_class)
        before = tuple(each.text for each in class_selectors(its)) if its else ()
        sort = sort_of(request.of_class, context) or sort_from_selectors(tuple(each.text for each in request.selectors))
        yield sort, request.of_class, request.selectors, before


def class_selectors(subject: Object) -> tuple[Selector, ...]:
    """The expressions of a DeviceClass."""
    return tuple(_expressions(("spec", "selectors"), mapping(subject.data.get("spec")).get("selectors")))


def _expressions(at: Path, selectors: Any) -> Iterator[Selector]:
    for index, each in enumerate(items(selectors)[:MOST]):
        text = mapping(mapping(each).get("cel")).get("expression")
        if isinstance(text, str):
            yield Selector((*at, index, "cel", "expression"), text)


def sort_of(name: str, context: RuleContext) -> str | None:
    """The type of a class's devices: gpu, mig, vfio, channel or daemon; None if unknown."""
    if context.dra and (there := context.dra.devices.classes.get(name)):
        return there.sort
    return context.once(_sorts).get(name)


def _sorts(context: RuleContext) -> Mapping[str, str | None]:
    """The sorts of the devices of all classes."""
    texts = {each.id.name: (one.text for one in class_selectors(each)) for each in context.objects_of_kind(CLASS)}
    return {name: sort_from_selectors(tuple(each)) for name, each in texts.items()}


@lru_cache(maxsize=2048)
def tree_of(text: str) -> CelExpression | None:
    """The tree of an expression; None if it is invalid."""
    from blueprint.cel.syntax import CelError, parse

    try:
        return parse(text)
    except CelError:
        return None


def sort_from_selectors(texts: tuple[str, ...]) -> str | None:
    """The type of device that the expressions require."""
    for text in texts:
        for part in conjuncts(tree_of(text)):
            for one, other in (part.parts, part.parts[::-1]) if part.kind == "binary" and part.value == "==" else ():
                read = reference(one)
                if read and read.name == "type" and read.domain in _DRIVERS and other.value in _SORTS:
                    return str(other.value)
    return None


_SORTS = ("gpu", "mig", "vfio", "channel", "daemon")
_DRIVERS = ("gpu.nvidia.com", "compute-domain.nvidia.com")
