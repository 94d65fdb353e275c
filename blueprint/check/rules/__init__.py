"""Rules for rendered objects of any origin: components, settings, patches or users' own manifests.

A folder is named after its subject: `pods`, `objects`, or a kind (`cluster_policy` is ClusterPolicy). Its modules are
imported only if there are such objects. Each module lists its rules in `RULES`. The folder of a kind lists the API
groups of that kind in `GROUPS`, because other groups may have a kind with the same name (Kyverno has a ClusterPolicy
too); without it, the rules apply to the kind in any group. No other list has to be edited.
"""

from __future__ import annotations

import importlib
import os
import pkgutil
import sys
from functools import cache
from pathlib import Path

from blueprint.check.rule import Rule
from blueprint.records import replace

PODS = "pods"
EVERY_KIND = "objects"


@cache
def subjects() -> dict[str, Path]:
    """The folder of each subject, in lower case and without underscores. Lists no folder but the first."""
    folders = (entry for above in __path__ for entry in os.scandir(above) if entry.is_dir())
    return {each.name.replace("_", ""): Path(each.path) for each in folders if not each.name.startswith("_")}


@cache
def rules_of(subject: str) -> tuple[Rule, ...]:
    """The rules of one subject: `pods`, `objects`, or a kind in lower case."""
    if subject not in subjects():
        return ()
    folder = subjects()[subject]
    package = f"{__name__}.{folder.name}"
    names = sorted(module.name for module in pkgutil.iter_modules([str(folder)]))
    modules = [importlib.import_module(f"{package}.{name}") for name in names]
    groups = getattr(sys.modules[package], "GROUPS", None) if modules else None
    return tuple(replace(each, subject=subject, groups=groups) for module in modules for each in module.RULES)


@cache
def paged_codes() -> frozenset[str]:
    """The codes of all rules with a page next to their module, without importing any module."""
    return frozenset(page.stem for folder in subjects().values() for page in folder.glob("BP*.md"))


def all_rules() -> tuple[Rule, ...]:
    """All rules of all subjects."""
    return tuple(each for subject in sorted(subjects()) for each in rules_of(subject))
