"""The checklists, as data: `checklists.yaml`."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Literal

from blueprint.catalog.facts import CatalogueFile, Text
from blueprint.catalog.loader import read
from blueprint.records import Record


class StaticEvidence(Record, kw_only=True):
    """What objects of the bundle show. One of the first three is there.

    Attributes:
        kind: Objects of this kind, `Kind.group`.
        resource: Part of the name of a resource that nodes offer.
        component: Objects of this component.
        unless_off: A field of the object that switches it off where it is false.
        shows: What they show.
    """

    kind: Text | None = None
    unless_off: Text | None = None
    resource: Text | None = None
    component: Text | None = None
    shows: Text


class LiveEvidence(Record, kw_only=True):
    """What an API server has.

    Attributes:
        api: An API version that it serves.
        kind: A kind of it of which there is an object; without, that the version is served suffices.
        shows: What that shows.
    """

    api: Text
    kind: Text | None = None
    shows: Text


class Item(Record, kw_only=True):
    """One item.

    Attributes:
        category: The section of a submission that it stands in.
        levels: MUST or SHOULD, by version of the checklist; it is not in the others.
        requirement: What is required: the description of the checklist in our words.
        run: What only a run on a cluster proves.
        static: What may be evidence among rendered objects.
        live: What may be evidence in a cluster.
        conditional: Whether it is required only of platforms that have such a thing.
    """

    category: Literal["accelerators", "networking", "schedulingOrchestration", "observability", "security", "operator"]
    levels: Mapping[str, Literal["MUST", "SHOULD"]]
    requirement: Text
    run: Text
    static: tuple[StaticEvidence, ...]
    live: tuple[LiveEvidence, ...]
    conditional: bool = False


class Checklists(CatalogueFile, kw_only=True):
    """All items, by their ids."""

    source: Text
    versions: tuple[str, ...]
    items: Mapping[str, Item]

    def of(self, version: str) -> dict[str, Item]:
        """The items of one version."""
        return {name: item for name, item in self.items.items() if version in item.levels}


@cache
def checklists() -> Checklists:
    """What the tool ships."""
    return read(Path(__file__).with_name("checklists.yaml"), Checklists)
