"""The versions of the language, and what changed from each to the next.

A change is declared once and carried out twice: on values that know where they stand (`spec.upgrade`, when an older
document is read) and on the text that a person wrote (`spec.rewrite`, for `blueprint convert`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from blueprint.records import Record
from blueprint.source.paths import Path
from blueprint.spec.model import API_VERSION

Pattern = str
"""Keys joined by dots; `*` stands for any one key: `spec.nodePools.*.gpu`."""


class Rename(Record):
    """The key at `path` is called `to`, at the same place."""

    path: Pattern
    to: str


class Move(Record):
    """What stands at `path` stands at `to`, with as many `*`, which mean the same keys.

    Mappings on the way there are made; a mapping that is left empty goes.
    """

    path: Pattern
    to: Pattern


class Split(Record):
    """The one value at `path` becomes several keys beside it, `how` says which; ValueError says why it cannot."""

    path: Pattern
    into: tuple[str, ...]
    how: Callable[[Any], Mapping[str, Any]]

    def parts(self, value: Any) -> dict[str, Any]:
        """The new keys and their values. `null` removes what a lower layer says, so it removes all of them."""
        return dict.fromkeys(self.into) if value is None else dict(self.how(value))


Change = Rename | Move | Split


class ConversionStep(Record):
    """What changed from one version to the next, in the order in which it is carried out."""

    older: str
    newer: str
    changes: tuple[Change, ...]


class Language(Record):
    """All versions, oldest first, each but the last with the step that leads on."""

    versions: tuple[str, ...]
    steps: tuple[ConversionStep, ...] = ()

    def __post_init__(self) -> None:
        """A version without a way on is a bug."""
        if [(step.older, step.newer) for step in self.steps] != list(
            zip(self.versions, self.versions[1:], strict=False)
        ):
            raise ValueError("each version but the last needs the step that leads on")

    @property
    def current(self) -> str:
        """The version that the models read."""
        return self.versions[-1]

    def way(self, older: str, newer: str) -> tuple[ConversionStep, ...]:
        """The steps from one version to another. ValueError if one is unknown, or the way leads back."""
        for version in (older, newer):
            if version not in self.versions:
                raise ValueError(f"there is no version {version}")
        first, last = self.versions.index(older), self.versions.index(newer)
        if first > last:
            raise ValueError(f"{older} is newer than {newer}, and there is no way back")
        return self.steps[first:last]


LANGUAGE = Language((API_VERSION,))
"""The language as it is: one version, hence no steps."""


def matches(data: Any, pattern: Pattern) -> list[Path]:
    """The paths in plain data that a pattern names."""
    return list(_matches(data, pattern.split("."), ()))


def _matches(data: Any, keys: list[str], at: Path) -> Iterator[Path]:
    if not keys:
        yield at
    elif isinstance(data, dict):
        for key in list(data) if keys[0] == "*" else [keys[0]] if keys[0] in data else []:
            yield from _matches(data[key], keys[1:], (*at, key))


def target(change: Move, path: Path) -> Path:
    """Where what stands at `path` goes."""
    starred = iter([step for key, step in zip(change.path.split("."), path, strict=True) if key == "*"])
    return tuple(next(starred) if key == "*" else key for key in change.to.split("."))


def emptied(data: Any, path: Path) -> Path:
    """What goes when the entry at `path` goes: itself, or the outermost mapping that holds nothing else."""
    for end in range(len(path) - 1, 0, -1):
        here = data
        for step in path[:end]:
            here = here[step]
        if len(here) > 1:
            return path[: end + 1]
    return path[:1]
