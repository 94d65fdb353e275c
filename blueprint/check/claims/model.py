"""What claims and classes request, in whichever version of the API: requests, and the expressions that select."""

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
    """An expression and where it stands."""

    path: Path
    text: str


class Request(Record):
    """One request of a claim, or one of the alternatives of a request.

    Attributes:
        path: Where it says class, number and selectors.
        name: As configurations name it, `gpu` or `gpu/large`.
        data: What it says.
        index: Which request it belongs to.
    """

    path: Path
    name: str
    data: Mapping[Any, Any]
    index: int

    @property
    def of_class(self) -> str:
        """The name of its DeviceClass; empty where it says none."""
        return str(self.data.get("deviceClassName", ""))

    @property
    def count(self) -> int:
        """How many devices; 1 where it requests all that there are."""
        count = self.data.get("count", 1)
        return count if isinstance(count, int) else 1

    @property
    def selectors(self) -> tuple[Selector, ...]:
        """Its own expressions."""
        return tuple(_expressions((*self.path, "selectors"), self.data.get("selectors")))


def claim_path(subject: Object) -> Path:
    """Where a claim, or a template of one, says its devices."""
    return ("spec", "spec", "devices") if subject.data["kind"] == "ResourceClaimTemplate" else ("spec", "devices")


def devices_of(subject: Object) -> Mapping[Any, Any]:
    """What a claim, or a template of one, says of devices."""
    here: Any = subject.data
    for step in claim_path(subject):
        here = mapping(here).get(step)
    return mapping(here)


def requests_of(subject: Object) -> tuple[Request, ...]:
    """Every request, and every alternative instead of the request that it belongs to; none of a class."""
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
    """For each request, or for the class: sort of device, name of the class, expressions, and those that come first."""
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
    """What devices of a class are: gpu, mig, vfio, channel or daemon; None if unknown."""
    if context.dra and (there := context.dra.devices.classes.get(name)):
        return there.sort
    return context.once(_sorts).get(name)


def _sorts(context: RuleContext) -> Mapping[str, str | None]:
    """The sorts of the devices of all classes."""
    texts = {each.id.name: (one.text for one in class_selectors(each)) for each in context.objects_of_kind(CLASS)}
    return {name: sort_from_selectors(tuple(each)) for name, each in texts.items()}


@lru_cache(maxsize=2048)
def tree_of(text: str) -> CelExpression | None:
    """The tree of an expression; None where it is none."""
    from blueprint.cel.syntax import CelError, parse

    try:
        return parse(text)
    except CelError:
        return None


def sort_from_selectors(texts: tuple[str, ...]) -> str | None:
    """The sort that expressions demand."""
    for text in texts:
        for part in conjuncts(tree_of(text)):
            for one, other in (part.parts, part.parts[::-1]) if part.kind == "binary" and part.value == "==" else ():
                read = reference(one)
                if read and read.name == "type" and read.domain in _DRIVERS and other.value in _SORTS:
                    return str(other.value)
    return None


_SORTS = ("gpu", "mig", "vfio", "channel", "daemon")
_DRIVERS = ("gpu.nvidia.com", "compute-domain.nvidia.com")
