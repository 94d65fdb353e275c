"""Checks of component names, setting names and setting values in the blueprint."""

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
from blueprint.wording import value_in_words


def check_component_names(context: CheckContext) -> Iterator[Diagnostic]:
    """Check all components in the blueprint, and their settings."""
    for name, spec in context.inputs.written.spec.components.items():
        component = context.catalog.component(name, context.release.components.get(name))
        if component is None or name not in context.release.components:
            known = context.release.components
            yield context.unknown_name((*COMPONENTS, name), codes.UNKNOWN_COMPONENT, "component", known)
        else:
            yield from _settings(context, component, spec.settings)


def _settings(context: CheckContext, component: Component, given: dict[str, Any]) -> Iterator[Diagnostic]:
    for setting, value in given.items():
        path: Path = (*COMPONENTS, component.name, "settings", setting)
        known = component.settings.get(setting)
        if known is None:
            message = f"{component.name} has no setting {setting}"
            yield context.unknown_setting(path, message, component.settings)
        else:
            yield from _faults(context, path, known, value)


def _faults(context: CheckContext, path: Path, known: Setting, value: Any) -> Iterator[Diagnostic]:
    """Errors in the value of a setting, each at its own line."""
    _, _, component, _, setting = path
    for keys, fault in known.faults(value):
        at: Path = (*path, *keys)
        node, _ = context.root.nearest(at)
        message = f"{component}: setting {setting} {fault}" + ("" if keys else f", not {value_in_words(value)}")
        near = nearest(str(value), known.enum) if known.enum and not keys else None
        span = (node.key_span if keys else None) or node.span
        fix = Fix(span, near) if near else None
        help_ = "remove it" if keys and keys[-1] in known.reserved else known.description
        yield Diagnostic(codes.SETTING_INVALID, message, at=span, path=format_path(at), help=help_, fix=fix)
