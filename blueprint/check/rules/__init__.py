"""Rules about what is rendered, whoever wrote it: components, settings, patches or users' own manifests.

A folder here is named for its subject: `pods`, `objects`, or a kind (`cluster_policy` is ClusterPolicy). Its modules
are imported only where there is something for them to look at. Each lists its rules in `RULES`: functions that take an
object (or a Pod) and the RuleContext, and yield ObjectFindings. No other list has to be edited.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterable, Iterator
from functools import lru_cache
from types import ModuleType

from blueprint.bundle.model import Object
from blueprint.check.rule_context import PlatformFacts, RuleContext
from blueprint.diagnostics import Diagnostic

PODS = "pods"
EVERY_KIND = "objects"


def check_rules(objects: Iterable[Object], facts: PlatformFacts) -> Iterator[Diagnostic]:
    """What the rules find in objects whose form is sound."""
    yield from run_rules(RuleContext(objects, facts))


def run_rules(context: RuleContext) -> Iterator[Diagnostic]:
    """What the rules find."""
    folders = subjects()
    for kind, objects in context.kinds.items():
        for module in (*folders[EVERY_KIND], *folders.get(kind.lower(), ())):
            for rule in _module(module).RULES:
                for each in objects:
                    for finding in rule(each, context):
                        yield finding.to_diagnostic(each)
    for module in folders[PODS] if context.pods else ():
        for rule in _module(module).RULES:
            for pod in context.pods:
                for finding in rule(pod, context):
                    yield finding.to_diagnostic(pod.subject)


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
