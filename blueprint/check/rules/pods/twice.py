"""Programs that must run only once, but are installed a second time."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING

from blueprint.bundle.model import USERS
from blueprint.check.common.device_plugins import program
from blueprint.check.finding import ObjectFinding
from blueprint.check.rule import Capability, rule
from blueprint.check.rule_context import DescribedPod, RuleContext, inside
from blueprint.diagnostics import define

if TYPE_CHECKING:
    from blueprint.catalog.components import Component, RunsOnce

BROUGHT_TWICE = define("BP6114", "installed-twice", page=__file__)


@rule(BROUGHT_TWICE, needs=(Capability.BLUEPRINT,))
def twice(pod: DescribedPod, context: RuleContext) -> Iterator[ObjectFinding]:
    """A user's copy of something that a component installs."""
    if pod.subject.component != USERS:
        return
    for path, container in pod.containers:
        image = program(container)
        if by := _brought(image, context):
            text = f"{image} is already installed by {by}"
            help_ = f"remove it, or set components.{by}.ownership: external"
            yield ObjectFinding(BROUGHT_TWICE, (*path, "image"), text, help_)
            return


def _brought(image: str, context: RuleContext) -> str | None:
    """The component that already runs it, if any; operands take precedence."""
    found = [(component.name, once) for component, once in _single() if once.image == image]
    for component, once in found:
        steps = once.operand.split(".") if once.operand else []
        if steps and context.cluster_policy and inside(context.cluster_policy.data, *steps) is not False:
            return component
    own = (component for component, once in found if once.operand is None)
    return next((name for name in own if _runs(name, context)), None)


def _runs(component: str, context: RuleContext) -> bool:
    return component in context.once(_components) or context.subscription_of(component) is not None


def _components(context: RuleContext) -> frozenset[str]:
    """The components that bring pods."""
    return frozenset(pod.subject.component for pod in context.pods)


@cache
def _single() -> tuple[tuple[Component, RunsOnce], ...]:
    """Everything that must not run twice, with the component that runs it."""
    from blueprint.catalog.catalog import load_catalog

    catalog = load_catalog()
    found = filter(None, map(catalog.component, catalog.components))
    return tuple((component, once) for component in found for once in component.runs_once)


RULES = (twice,)
