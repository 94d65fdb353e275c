"""Checks of components: their ownership, and their dependencies."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.diagnostics import Diagnostic
from blueprint.platform.check_context import CheckContext
from blueprint.platform.components import codes
from blueprint.platform.components.model import PlatformComponent
from blueprint.platform.paths import COMPONENTS


def check_components(context: CheckContext) -> Iterator[Diagnostic]:
    """Check all components in the blueprint, then the dependencies of rendered ones."""
    for component in context.platform.declared_components.values():
        yield from _component(context, component)
    yield from _needs(context)


def _component(context: CheckContext, component: PlatformComponent) -> Iterator[Diagnostic]:
    name, ownership, path = component.name, component.ownership, (*COMPONENTS, component.name)
    if ownership not in component.component.ownership:
        message = f"{name} cannot be {ownership}"
        help_ = f"use one of {', '.join(component.component.ownership)}"
        yield context.diagnostic_at((*path, "ownership"), codes.OWNERSHIP_UNSUPPORTED, message, help_=help_)
    for key, given in (("settings", component.given), ("patches", component.patches)):
        if given and ownership != "managed":
            yield context.no_effect((*path, key), (*path, "ownership"), f"{name} is {ownership}, so its {key} has")


def _needs(context: CheckContext) -> Iterator[Diagnostic]:
    components = context.platform.release_components
    for component in components.values():
        for need in component.component.needs if _is_rendered(context, component) else ():
            if need in components and components[need].ownership == "absent":
                message = f"{component.name} needs {need}, which is absent"
                path = (*COMPONENTS, need, "ownership")
                help_ = f"set {need} to managed, or to external if it is installed by other means"
                yield context.diagnostic_at(path, codes.NEED_ABSENT, message, help_=help_)


def _is_rendered(context: CheckContext, component: PlatformComponent) -> bool:
    """Whether the component belongs to the stack, is requested, and is managed."""
    ours = component.component.belongs_to(context.platform.stacks) and component.ownership == "managed"
    return ours and component.requested
