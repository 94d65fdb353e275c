"""What a blueprint may set of a component: typed, bounded, described."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Literal

from blueprint.catalog.facts import Text

_PYTHON: dict[str, type] = {"string": str, "integer": int, "boolean": bool}


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One typed setting of a component.

    Attributes:
        type: Type of the value.
        default: Used where the blueprint says nothing; None means that the component's own default rules.
        minimum: Smallest integer.
        maximum: Largest integer.
        enum: The only strings allowed.
        pattern: A regular expression that the whole string must match.
        description: What it does, for people.
        feeds: The rendered fields that it decides, `Kind/name: path`.
    """

    type: Literal["string", "integer", "boolean"]
    default: bool | int | str | None = None
    minimum: int | None = None
    maximum: int | None = None
    enum: tuple[Text, ...] = ()
    pattern: Text | None = None
    description: Text
    feeds: tuple[Text, ...]

    def complaint(self) -> str | None:
        """What is wrong with the setting itself: a default that it would refuse."""
        said = None if self.default is None else self.problem(self.default)
        return f"the default {said}" if said else None

    def problem(self, value: Any) -> str | None:
        """What is wrong with `value`, as the end of a sentence about it; None when it may be used."""
        if type(value) is not _PYTHON[self.type]:
            return f"must be {'an' if self.type == 'integer' else 'a'} {self.type}"
        if self.enum and value not in self.enum:
            return f"must be one of {', '.join(self.enum)}"
        if self.pattern and not re.fullmatch(self.pattern, str(value)):
            return f"must match {self.pattern}"
        return self._out_of_bounds(value)

    def _out_of_bounds(self, value: Any) -> str | None:
        if self.minimum is not None and value < self.minimum:
            return f"must be at least {self.minimum}"
        if self.maximum is not None and value > self.maximum:
            return f"must be at most {self.maximum}"
        return None
