"""When two values say the same, although the API server wrote one of them in its own form."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from blueprint.render.compare import ABSENT
from blueprint.render.model import Path
from blueprint.spec.quantity import is_quantity, quantity_value


def is_builtin(group: str) -> bool:
    """Whether the API server itself defines this group, and so normalises its values.

    Groups of Kubernetes have no dot (`apps`) or end in `.k8s.io`; custom resources may use the latter too,
    which costs a laxer comparison of resource quantities there and nothing else.
    """
    return "." not in group or group.endswith(".k8s.io")


def same(want: Any, have: Any, path: Path, *, builtin: bool) -> bool:
    """Whether two leaves mean the same. Values of custom resources are stored verbatim, and compared so."""
    if isinstance(want, bool) or isinstance(have, bool):
        return want is have
    if want == have:
        return True
    if want in (None, "", []) and have is ABSENT:
        return True
    return builtin and is_quantity(path) and _quantity(want) == _quantity(have) is not None


def deep_same(want: Any, have: Any, path: Path, *, builtin: bool) -> bool:
    """The same for whole values: equal keys, equal items in equal order."""
    if isinstance(want, Mapping) and isinstance(have, Mapping):
        return all(
            deep_same(want.get(key, ABSENT), have.get(key, ABSENT), (*path, key), builtin=builtin)
            for key in {*want, *have}
        )
    if isinstance(want, list) and isinstance(have, list):
        return len(want) == len(have) and all(
            deep_same(w, h, (*path, index), builtin=builtin)
            for index, (w, h) in enumerate(zip(want, have, strict=True))
        )
    return same(want, have, path, builtin=builtin)


def _quantity(value: Any) -> Fraction | None:
    try:
        return quantity_value(str(value))
    except ValueError:
        return None
