"""Rules about what is rendered, whoever wrote it: components, settings, patches or users' own manifests.

A folder here is named for its subject: `pods`, `objects`, or a kind (`cluster_policy` is ClusterPolicy). Its modules
are imported only where there is something for them to look at. Each lists its rules in `RULES`. The folder of a kind
says in `GROUPS` whose kind it is, since others may have one of the same name (Kyverno has a ClusterPolicy too); without
it the rules look at the kind whatever its group. No other list has to be edited.
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
    """The modules of rules by what they are about, in lower case and without underscores."""
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
    """The codes of all rules that have a page beside their module: known without importing one."""
    folders = (Path(above) / module.name for above in __path__ for module in pkgutil.iter_modules([above]))
    return frozenset(page.stem for folder in folders for page in folder.glob("BP*.md"))


def all_rules() -> tuple[Rule, ...]:
    """Every rule of every subject."""
    return tuple(each for subject in sorted(subjects()) for each in rules_of(subject))
