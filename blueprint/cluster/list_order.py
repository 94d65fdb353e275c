"""Lists of named items whose order matters. The API server does not track ownership of such an order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from blueprint.bundle.model import Path

_ORDERED = {
    "initContainers": "init containers run one after another",
    "variables": "a variable of an admission policy can refer only to those before it",
}


def order_matters(path: Path, items: Any) -> bool:
    """Whether the order of a list matters; `path` ends with the name of the list."""
    name = path[-1] if path else ""
    if name in _ORDERED:
        return True
    # A variable of a container can refer only to variables before it.
    return name == "env" and any("$(" in str(item.get("value", "")) for item in items if isinstance(item, Mapping))


def misplaced(want: Mapping[str, Any], have: Any) -> Iterator[Path]:
    """The lists of `want` whose items have another order in `have`, if it matters."""
    yield from _misplaced(want, have, ())


def _misplaced(want: Any, have: Any, at: Path) -> Iterator[Path]:
    if isinstance(want, Mapping) and isinstance(have, Mapping):
        for key, value in want.items():
            if key in have:
                yield from _misplaced(value, have[key], (*at, key))
    elif isinstance(want, list) and isinstance(have, list):
        names = [_name(item) for item in have]
        places = []
        for index, item in enumerate(want):
            name = _name(item)
            if name is not None and name in names:
                places.append(names.index(name))
                yield from _misplaced(item, have[places[-1]], (*at, index))
        if places != sorted(places) and order_matters(at, want):
            yield at


def _name(item: Any) -> Any:
    return item.get("name") if isinstance(item, Mapping) else None
