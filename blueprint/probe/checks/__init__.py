"""The checks, one per file, discovered in this folder. Adding one requires no change to a list.

Each file contains everything about its check: the type of its parameters, the calls and files that it needs, its codes,
and the function that evaluates a reading, decorated with `check` or `invariant`.
"""

from __future__ import annotations

import functools
import importlib
import pkgutil
from collections.abc import Mapping
from typing import Any, TypeAlias, TypeVar

from blueprint.probe.check import Check, Invariant

AnyCheck: TypeAlias = Check[Any] | Invariant
Kind = TypeVar("Kind")


@functools.cache
def all_checks() -> Mapping[str, AnyCheck]:
    """All checks by slug, in alphabetical order. Two checks with the same slug are a bug and raise ValueError."""
    found: dict[str, AnyCheck] = {}
    for module in pkgutil.iter_modules(__path__):
        for each in vars(importlib.import_module(f"{__name__}.{module.name}")).values():
            if isinstance(each, Check | Invariant) and found.setdefault(each.slug, each) is not each:
                raise ValueError(f"two checks are called {each.slug}")
    return {slug: found[slug] for slug in sorted(found)}


def declared(kind: type[Kind]) -> list[Kind]:
    """The calls or files of one type (`DeviceCall`, `SystemCall`, `HostFile`) that checks declare to read, without
    duplicates.
    """
    reads = (each for check in all_checks().values() for each in check.reads)
    return list(dict.fromkeys(each for each in reads if isinstance(each, kind)))
