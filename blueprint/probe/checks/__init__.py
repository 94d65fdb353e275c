"""The checks: one file each, found by walking this folder. Adding one touches no list.

A check is a pure function `(Reading, Expectation) -> list[Verdict]`, registered by `@check(slug, wants)`.
`wants` turns the JSON of `Expectation.want` into what the check works with, or raises ValueError saying
what is wrong with it. A check with `always=True` needs no expectation: it looks for what is wrong under any,
and finds in the expectation it is given (`want` is None) only the line to blame.
"""

from __future__ import annotations

import functools
import importlib
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from blueprint.probe.expectations import Expectation
from blueprint.probe.reading import Reading
from blueprint.probe.verdicts import Verdict

Judge: TypeAlias = Callable[[Reading, Expectation], list[Verdict]]

_FOUND: dict[str, Check] = {}


@dataclass(frozen=True, slots=True)
class Check:
    """One check: its slug, what it accepts as `want`, and the function that judges.

    `if_expected`: where nothing is expected it is not told that this was not judged. So it is with what no reading can
    answer yet, and with what most nodes do not have.
    """

    slug: str
    wants: Callable[[Any], Any]
    always: bool
    judge: Judge
    about: str
    if_expected: bool = False


def check(
    slug: str, wants: Callable[[Any], Any] = lambda want: want, *, always: bool = False, if_expected: bool = False
) -> Callable[[Judge], Judge]:
    """Register the decorated function as the check `slug`. Its docstring is its reference page."""

    def register(judge: Judge) -> Judge:
        _FOUND[slug] = Check(slug, wants, always, judge, (judge.__doc__ or "").strip(), if_expected)
        return judge

    return register


@functools.cache
def all_checks() -> Mapping[str, Check]:
    """Every check by its slug, in alphabetical order."""
    for module in pkgutil.iter_modules(__path__):
        importlib.import_module(f"{__name__}.{module.name}")
    return {slug: _FOUND[slug] for slug in sorted(_FOUND)}
