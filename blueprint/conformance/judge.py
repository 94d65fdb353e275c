"""Checks a bundle, and optionally a cluster, against a checklist. Evidence is never treated as proof: only a test run
proves an item.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterator, Sequence

from blueprint.bundle.model import Bundle, Object
from blueprint.check.finding import value_at
from blueprint.conformance.checklists import Item, LiveEvidence, StaticEvidence, checklists
from blueprint.records import Record
from blueprint.wording import counted, first_few

Look = Callable[[LiveEvidence], str | None]
"""Looks for evidence in a cluster and describes it; None if there is none. Raises ApiError, or `NotReadable`."""
_FEW = 3


class NotReadable(Exception):  # noqa: N818 - not an error of the tool
    """Something could not be examined."""


class Standing(enum.StrEnum):
    """How much of an item is shown."""

    SHOWN = "shown"
    UNKNOWN = "unknown"


class ItemEvidence(Record):
    """The result for one item.

    Attributes:
        id: Its ID in the checklist.
        level: MUST or SHOULD.
        item: The requirement.
        static: Evidence in rendered objects, each with its location.
        live: Evidence in the cluster; None if it was not examined.
        unseen: What could not be examined in the cluster, and why.
    """

    id: str
    level: str
    item: Item
    static: tuple[str, ...]
    live: tuple[str, ...] | None = None
    unseen: tuple[str, ...] = ()

    @property
    def standing(self) -> Standing:
        """Shown if there is any evidence. Whether it suffices is decided by the user and a test run."""
        return Standing.SHOWN if self.static or self.live else Standing.UNKNOWN

    @property
    def missing(self) -> str:
        """The evidence that is still missing."""
        nothing = "" if self.static or self.live else "no evidence among the objects; "
        return f"{nothing}a run must show that {self.item.run}"


def findings(bundle: Bundle, version: str, look: Look | None = None) -> tuple[ItemEvidence, ...]:
    """The result for each item of a version. Without `look`, no cluster is queried."""
    return tuple(_finding(bundle, version, name, item, look) for name, item in checklists().of(version).items())


def _finding(bundle: Bundle, version: str, name: str, item: Item, look: Look | None) -> ItemEvidence:
    static = tuple(text for each in item.static if (text := _static(bundle, each)))
    if look is None:
        return ItemEvidence(name, item.levels[version], item, static)
    live: list[str] = []
    unseen: list[str] = []
    for each in item.live:
        try:
            if (seen := look(each)) is not None:
                live.append(f"{each.shows}: {seen}")
        except NotReadable as reason:
            unseen.append(f"{each.api}: {reason}")
    return ItemEvidence(name, item.levels[version], item, static, tuple(live), tuple(unseen))


def _static(bundle: Bundle, evidence: StaticEvidence) -> str | None:
    if evidence.resource:
        pools = [pool.name for pool in bundle.pools if any(evidence.resource in each for each in pool.resources)]
        return f"{evidence.shows}: pool {first_few(pools, _FEW)}" if pools else None
    found = [obj for obj in bundle.objects if _matches(obj, evidence)]
    return f"{evidence.shows}: {'; '.join(_places(found))}" if found else None


def _matches(obj: Object, evidence: StaticEvidence) -> bool:
    if evidence.component:
        return obj.component == evidence.component
    if f"{obj.id.kind}.{obj.id.group}" != evidence.kind:
        return False
    return evidence.unless_off is None or value_at(obj.data, tuple(evidence.unless_off.split("."))) is not False


def _places(objects: Sequence[Object]) -> Iterator[str]:
    """The names of the first objects, and the number of the remaining ones."""
    yield from (str(each.id) for each in objects[:_FEW])
    if len(objects) > _FEW:
        yield counted(len(objects) - _FEW, "more object")
