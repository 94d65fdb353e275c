"""The settings of a component in a blueprint: typed, bounded and described."""

import re
from collections.abc import Iterator
from typing import Any, Literal

from blueprint.catalog.distribution import Part
from blueprint.catalog.facts import Text
from blueprint.catalog.setting_types import Fault, faults, faults_of_pod
from blueprint.diagnostics import nearest
from blueprint.records import Record


class Setting(Record, kw_only=True):
    """One typed setting of a component.

    Attributes:
        type: Type of the value. `env` contains a container's variables, `resources` its requests and limits, `pod` the
            configuration of a pod, `object` and `objects` API fragments that are validated when they are rendered.
        default: Used if the blueprint does not set it; None means the component's own default. For a `pod`, each part
            has its own default.
        minimum: Smallest integer.
        maximum: Largest integer.
        enum: The only allowed strings, also for items of a list.
        pattern: A regular expression that must match the whole string, or each item or value.
        names: The only allowed keys of a map.
        reserved: Variables that are already set, so that another value would conflict.
        parts: The parts of `setting_types.POD` that this pod accepts.
        requires: Settings of the same component without which this one has no effect: booleans that must be true,
            strings
            that must be set.
        part: The part of the node stack that it affects: it has no effect if no pool leaves that part to the platform.
        own_default: The component's own value if `default` is None.
        description: What it does, for users.
        feeds: The rendered fields that it determines, `Kind/name: path`.
    """

    type: Literal[
        "string", "integer", "boolean", "list", "map", "env", "resources", "gates", "probe", "tolerations", "object",
        "objects", "pod",
    ]  # fmt: skip
    default: Any = None
    minimum: int | None = None
    maximum: int | None = None
    enum: tuple[Text, ...] = ()
    pattern: Text | None = None
    names: tuple[Text, ...] = ()
    reserved: tuple[Text, ...] = ()
    parts: tuple[Text, ...] = ()
    requires: tuple[Text, ...] = ()
    part: Part | None = None
    own_default: int | None = None
    description: Text
    feeds: tuple[Text, ...]

    @property
    def fed_kinds(self) -> frozenset[str]:
        """The kinds of the objects whose fields it determines."""
        return frozenset(feed.partition("/")[0] for feed in self.feeds)

    def complaint(self) -> str | None:
        """An error in the setting itself: a default that it would reject."""
        problem = None if self.default is None else self.problem(self.default)
        return f"the default {problem}" if problem else None

    def problem(self, value: Any) -> str | None:
        """Why `value` is invalid, as the end of a sentence about it; None if it is valid."""
        return next((fault for _, fault in self.faults(value)), None)

    def faults(self, value: Any) -> Iterator[Fault]:
        """All errors in `value`, each with the keys that lead to it."""
        found = tuple(faults(self.type, value))
        yield from found
        if found:
            return
        if self.type == "pod":
            yield from faults_of_pod(value, self.parts, self.reserved)
        elif isinstance(value, list | dict):
            yield from self._items(value)
        elif self.enum and value not in self.enum:
            yield (), f"must be one of {', '.join(self.enum)}"
        elif self.pattern and not re.fullmatch(self.pattern, str(value)):
            yield (), f"must match {self.pattern}"
        else:
            yield from self._bounds(value)

    def _items(self, value: Any) -> Iterator[Fault]:
        """Errors in the items of a list or the values of a map, other than their type."""
        for key, item in value.items() if isinstance(value, dict) else enumerate(value):
            if self.enum and item not in self.enum:
                yield (key,), f"must contain only {', '.join(self.enum)}, not {item}"
            if self.pattern and not re.fullmatch(self.pattern, item):
                yield (key,), f"must contain strings that match {self.pattern}"
            if self.names and key not in self.names:
                near = nearest(str(key), self.names)
                yield (
                    (key,),
                    f"must not contain {key}, which is not known" + (f"; did you mean {near}?" if near else ""),
                )
            if key in self.reserved:
                yield (key,), f"must not contain {key}, which is already set"

    def _bounds(self, value: Any) -> Iterator[Fault]:
        if self.minimum is not None and value < self.minimum:
            yield (), f"must be at least {self.minimum}"
        if self.maximum is not None and value > self.maximum:
            yield (), f"must be at most {self.maximum}"
