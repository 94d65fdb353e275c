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
    """Evidence in the objects of the bundle. One of the first three attributes is set.

    Attributes:
        kind: Objects of this kind, `Kind.group`.
        resource: Part of the name of a resource that nodes offer.
        component: Objects of this component.
        unless_off: A field of the object that disables it if false.
        shows: What the objects show.
    """

    kind: Text | None = None
    unless_off: Text | None = None
    resource: Text | None = None
    component: Text | None = None
    shows: Text


class LiveEvidence(Record, kw_only=True):
    """Evidence from an API server.

    Attributes:
        api: An API version that it serves.
        kind: A kind with at least one object; without it, serving the version is sufficient.
        shows: What this shows.
    """

    api: Text
    kind: Text | None = None
    shows: Text


class Item(Record, kw_only=True):
    """One item.

    Attributes:
        category: Its section of a submission.
        levels: MUST or SHOULD, by version of the checklist; other versions do not contain it.
        requirement: The requirement, paraphrased from the checklist.
        run: What only a test run on a cluster can prove.
        static: Possible evidence in rendered objects.
        live: Possible evidence in a cluster.
        conditional: Whether it applies only to platforms that have such a feature.
    """

    category: Literal["accelerators", "networking", "schedulingOrchestration", "observability", "security", "operator"]
    levels: Mapping[str, Literal["MUST", "SHOULD"]]
    requirement: Text
    run: Text
    static: tuple[StaticEvidence, ...]
    live: tuple[LiveEvidence, ...]
    conditional: bool = False


class Checklists(CatalogueFile, kw_only=True):
    """All items by ID."""

    source: Text
    versions: tuple[str, ...]
    items: Mapping[str, Item]

    def of(self, version: str) -> dict[str, Item]:
        """The items of one version."""
        return {name: item for name, item in self.items.items() if version in item.levels}


@cache
def checklists() -> Checklists:
    """The checklists that ship with the tool."""
    return read(Path(__file__).with_name("checklists.yaml"), Checklists)
