"""Checks of components: their names, ownership and settings, and what they need."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from blueprint.catalog.components import Component
from blueprint.catalog.settings import Setting
from blueprint.diagnostics import Diagnostic, Fix, nearest
from blueprint.platform.check_context import CheckContext
from blueprint.platform.components import codes
from blueprint.platform.paths import COMPONENTS
from blueprint.source.paths import Path, format_path


def check_components(context: CheckContext) -> Iterator[Diagnostic]:
    """Every component that the blueprint names, then what those that are rendered need."""
    for name in context.spec.components:
        component = context.catalog.component(name, context.release.components.get(name))
        if component is None or name not in context.release.components:
            known = context.release.components
            yield context.unknown_name((*COMPONENTS, name), codes.UNKNOWN_COMPONENT, "component", known)
        else:
            yield from _component(context, name, component)
    yield from _needs(context)


def _component(context: CheckContext, name: str, component: Component) -> Iterator[Diagnostic]:
    spec, path = context.spec.components[name], (*COMPONENTS, name)
    if spec.ownership not in component.ownership:
        message = f"{name} cannot be {spec.ownership}"
        help_ = f"it can be: {', '.join(component.ownership)}"
        yield context.diagnostic_at((*path, "ownership"), codes.OWNERSHIP_UNSUPPORTED, message, help_=help_)
    for key in ("settings", "patches") if spec.ownership != "managed" else ():
        if getattr(spec, key):
            yield context.no_effect((*path, key), (*path, "ownership"), f"{name} is {spec.ownership}, so its {key}")
    for setting, value in spec.settings.items():
        at, known = (*path, "settings", setting), component.settings.get(setting)
        if known is None:
            yield context.unknown_setting(at, f"{name} has no setting {setting}", component.settings)
        else:
            yield from _faults(context, at, known, value)


def _faults(context: CheckContext, path: Path, known: Setting, value: Any) -> Iterator[Diagnostic]:
    """What is wrong with the value of a setting, each at its own line."""
    _, _, component, _, setting = path
    for keys, fault in known.faults(value):
        at: Path = (*path, *keys)
        node, _ = context.root.nearest(at)
        shown = {True: "true", False: "false"}.get(value, value) if isinstance(value, bool) else value
        message = f"{component}: setting {setting} {fault}" + ("" if keys else f", not {shown}")
        near = nearest(str(value), known.enum) if known.enum and not keys else None
        span = (node.key_span if keys else None) or node.span
        fix = Fix(span, near) if near else None
        help_ = known.description
        yield Diagnostic(codes.SETTING_INVALID, message, at=span, path=format_path(at), help=help_, fix=fix)


def _needs(context: CheckContext) -> Iterator[Diagnostic]:
    for name in context.release.components:
        component = context.catalog.component(name, context.release.components[name])
        if component is None or not _is_rendered(context, component):
            continue
        for need in component.needs:
            if context.ownership(need) == "absent":
                message = f"{name} needs {need}, which is absent"
                path = (*COMPONENTS, need, "ownership")
                help_ = "say external if somebody else installs it"
                yield context.diagnostic_at(path, codes.NEED_ABSENT, message, help_=help_)


def _is_rendered(context: CheckContext, component: Component) -> bool:
    """Whether the component belongs to the stack, is requested, and is ours."""
    ours = context.platform.gpu_stack in component.stacks and context.ownership(component.name) == "managed"
    return ours and context.platform.requests(component)
