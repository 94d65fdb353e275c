"""JSON patches that remove additions from a live object. Tests make them fail if the lists have changed in the
meantime.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from blueprint.bundle.model import ObjectId, Path
from blueprint.drift.commands import kubectl
from blueprint.records import Record
from blueprint.source.paths import list_key, parse_path, pointer

Operation = Mapping[str, Any]


class Removal(Record):
    """Fields to remove from an object; `paths` refer to its current state, `tests` are conditions that must still
    hold.
    """

    paths: tuple[Path, ...]
    tests: tuple[tuple[Path, Any], ...]

    @classmethod
    def joined(cls, several: Iterable[Removal]) -> Removal | None:
        """All removals in one patch."""
        each = tuple(several)
        tests = tuple(dict.fromkeys(test for removal in each for test in removal.tests))
        return cls(tuple(path for removal in each for path in removal.paths), tests) if each else None

    @property
    def by_index(self) -> bool:
        """Whether it contains a list index, which another removal may shift."""
        return any(isinstance(step, int) for path in self.paths for step in path)

    @property
    def operations(self) -> list[dict[str, Any]]:
        """The tests, then the removals, in descending order of list indices."""
        backwards = sorted(self.paths, key=_position, reverse=True)
        tests = [{"op": "test", "path": pointer(path), "value": value} for path, value in self.tests]
        return tests + [{"op": "remove", "path": pointer(path)} for path in backwards]

    def command(self, identity: ObjectId) -> str:
        """The command to type."""
        patch = json.dumps(self.operations, ensure_ascii=False, separators=(",", ":"))
        return kubectl("patch", identity, "--type=json", f"--patch={patch}")


def removal_of(path: str, live: Mapping[str, Any]) -> Removal | None:
    """The removal of a finding's field; None if the field cannot be located."""
    try:
        where = parse_path(path, live)
    except ValueError:
        return None
    tests: list[tuple[Path, Any]] = []
    here: Any = live
    for end, step in enumerate(where):
        if isinstance(step, int):
            if not isinstance(here, list) or step >= len(here):
                return None
            at, item = where[: end + 1], here[step]
            if key := list_key(here):
                tests.append(((*at, key), item[key]))
            elif isinstance(item, str | int | float | bool):
                tests.append((at, item))
        elif not isinstance(here, Mapping) or step not in here:
            return None
        here = here[step]
    return Removal((where,), tuple(tests)) if where else None


def _position(path: Path) -> list[tuple[bool, int]]:
    return [(isinstance(step, int), step if isinstance(step, int) else 0) for step in path]
