"""Rules for rendered objects of any origin: components, settings, patches or users' own manifests.

A folder is named after its subject: `pods`, `objects`, or a kind (`cluster_policy` is ClusterPolicy). Its modules are
imported only if there are such objects. Each module lists its rules in `RULES`. The folder of a kind lists the API
groups of that kind in `GROUPS`, because other groups may have a kind with the same name (Kyverno has a ClusterPolicy
too); without it, the rules apply to the kind in any group. No other list has to be edited.
"""

from __future__ import annotations

import importlib
import pkgutil
import sys
from functools import cache
from pathlib import Path

from blueprint.check.rule import Rule
from blueprint.records import replace

PODS = "pods"
EVERY_KIND = "objects"


@cache
def subjects() -> dict[str, tuple[str, ...]]:
    """The rule modules by subject, in lower case and without underscores."""
    found: dict[str, list[str]] = {}
    for folder in pkgutil.iter_modules(__path__):
        if folder.ispkg:
            paths = [f"{path}/{folder.name}" for path in __path__]
            names = sorted(module.name for module in pkgutil.iter_modules(paths))
            found[folder.name.replace("_", "")] = [f"{__name__}.{folder.name}.{name}" for name in names]
    return {name: tuple(modules) for name, modules in found.items()}


@cache
def rules_of(subject: str) -> tuple[Rule, ...]:
    """The rules of one subject: `pods`, `objects`, or a kind in lower case."""
    modules = [*map(importlib.import_module, subjects().get(subject, ()))]
    groups = getattr(sys.modules[modules[0].__name__.rpartition(".")[0]], "GROUPS", None) if modules else None
    return tuple(replace(each, subject=subject, groups=groups) for module in modules for each in module.RULES)


@cache
def paged_codes() -> frozenset[str]:
    """The codes of all rules with a page next to their module, without importing any module."""
    folders = (Path(above) / module.name for above in __path__ for module in pkgutil.iter_modules([above]))
    return frozenset(page.stem for folder in folders for page in folder.glob("BP*.md"))


def all_rules() -> tuple[Rule, ...]:
    """All rules of all subjects."""
    return tuple(each for subject in sorted(subjects()) for each in rules_of(subject))
