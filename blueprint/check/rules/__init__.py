"""Rules about what is rendered, whoever wrote it: components, settings, patches or users' own manifests.

A folder here is named for its subject: `pods`, `objects`, or a kind (`cluster_policy` is ClusterPolicy). Its modules
are imported only where there is something for them to look at. Each says its rules in `RULES`: functions that take an
object (or a Pod) and everything Known, and give complaints. No other list has to be edited.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterable, Iterator
from functools import lru_cache
from types import ModuleType
from typing import TYPE_CHECKING

from blueprint.bundle.model import Object
from blueprint.check.rules.context import Known
from blueprint.diagnostics import Diagnostic

if TYPE_CHECKING:
    from blueprint.platform.model import Platform

PODS = "pods"
EVERY_KIND = "objects"


def check_rules(objects: Iterable[Object], platform: Platform) -> Iterator[Diagnostic]:
    """What the rules find in objects whose form is sound."""
    yield from findings(Known(objects, platform=platform))


def findings(known: Known) -> Iterator[Diagnostic]:
    """What the rules find."""
    folders = subjects()
    for kind, objects in known.kinds.items():
        for module in (*folders[EVERY_KIND], *folders.get(kind.lower(), ())):
            for rule in _module(module).RULES:
                for each in objects:
                    for complaint in rule(each, known):
                        yield complaint.about(each)
    for module in folders[PODS] if known.pods else ():
        for rule in _module(module).RULES:
            for pod in known.pods:
                for complaint in rule(pod, known):
                    yield complaint.about(pod.subject)


@lru_cache(maxsize=1)
def subjects() -> dict[str, tuple[str, ...]]:
    """The modules of rules by what they are about, in lower case and without underscores."""
    found: dict[str, list[str]] = {}
    for folder in pkgutil.iter_modules(__path__):
        if folder.ispkg:
            paths = [f"{path}/{folder.name}" for path in __path__]
            names = sorted(module.name for module in pkgutil.iter_modules(paths))
            found[folder.name.replace("_", "")] = [f"{__name__}.{folder.name}.{name}" for name in names]
    return {name: tuple(modules) for name, modules in found.items()}


def _module(name: str) -> ModuleType:
    return importlib.import_module(name)
