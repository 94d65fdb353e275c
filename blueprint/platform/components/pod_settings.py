"""Structured settings: maps that record each key separately, pod configurations, and API fragments merged over their
defaults.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from blueprint.catalog.components import Component
from blueprint.catalog.setting_types import EMPTY, POD
from blueprint.platform.tracking.recorder import record
from blueprint.platform.tracking.sources import Source
from blueprint.platform.tracking.tracked import plain


class PerKey(Mapping[str, Any]):
    """A map whose values record their own sources when they are read, so that they are not attributed to others."""

    def __init__(self, reads: Mapping[str, Callable[[], Any]]) -> None:
        self.reads = reads

    def __getitem__(self, key: str) -> Any:
        return self.reads[key]()

    def __iter__(self) -> Iterator[str]:
        return iter(self.reads)

    def __len__(self) -> int:
        return len(self.reads)

    def over(self, more: Mapping[str, Callable[[], Any]]) -> PerKey:
        """This map with additional keys, which take precedence."""
        return PerKey({**self.reads, **more})


class PodSettings:
    """A pod configuration, part by part: the blueprint's value, or the default of that part."""

    def __init__(self, component: Component, setting: str, given: Any) -> None:
        self._component = component
        self._setting = setting
        self._given = given

    def __getattr__(self, part: str) -> Any:
        if part in self._given:
            return plain(self._given[part])
        path = ("settings", self._setting, "default", part)
        record(Source("component", self._component.span(*path), ".".join(path)))
        return (self._component.settings[self._setting].default or {}).get(part, EMPTY.get(POD[part]))

    @property
    def variables(self) -> list[dict[str, str]]:
        """The part `env` as the list of a container."""
        return [{"name": name, "value": value} for name, value in sorted(self.env.items())]


def joined(under: Any, over: Any) -> Any:
    """One fragment merged over another: maps by key, lists concatenated without duplicates."""
    if isinstance(under, Mapping) and isinstance(over, Mapping):
        return {key: joined(under.get(key), over[key]) if key in over else under[key] for key in {**under, **over}}
    if isinstance(under, list) and isinstance(over, list):
        return [*under, *(item for item in over if item not in under)]
    return over
