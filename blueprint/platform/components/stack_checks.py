"""Checks of components against the stack: components that do not belong to it, and settings that nothing implements."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.catalog.distribution import IN_BLUEPRINT
from blueprint.diagnostics import Diagnostic
from blueprint.platform.check_context import CheckContext
from blueprint.platform.components import codes
from blueprint.platform.components.selection import ALLOCATION
from blueprint.source.paths import Path

COMPONENTS: Path = ("spec", "components")


def check_stack(context: CheckContext) -> Iterator[Diagnostic]:
    """Report everything about the stack that does not concern a single component or pool."""
    yield from _out_of_place(context)
    yield from _runtime(context)


def _out_of_place(context: CheckContext) -> Iterator[Diagnostic]:
    stack = context.platform.stack
    declared = context.platform.declared_components
    for name, resolved in context.platform.release_components.items():
        component = resolved.component
        if component.belongs_to(context.platform.stacks):
            continue
        path: Path = (*COMPONENTS, name) if name in declared else component.section_path
        if context.is_written(path) and (name in declared or component.section not in (None, ALLOCATION)):
            message = f"{name} is not part of {IN_BLUEPRINT[stack]}"
            note = context.note(context.stack_path(stack), "the stack is declared here")
            help_ = f"remove it; it belongs to {' or '.join(IN_BLUEPRINT[one] for one in component.stacks)}"
            yield context.diagnostic_at(path, codes.NOT_IN_STACK, message, notes=(note,), help_=help_)


def _runtime(context: CheckContext) -> Iterator[Diagnostic]:
    """Variables of the toolkit that the distribution determines, or that break it there."""
    image, given = context.platform.cluster.image, context.settings_with("toolkitEnv").get("toolkitEnv")
    if not isinstance(given, dict):
        return
    for name, value in given.items():
        known = image.toolkit_env.get(name)
        if known is not None and (value == known or str(value).startswith(f"{known}=")):
            continue
        if name in image.toolkit_env or name in image.toolkit_env_forbidden:
            why = "is already configured on" if name in image.toolkit_env else "breaks the container toolkit on"
            message = f"the variable {name} {why} {context.platform.cluster.distribution_facts.title}"
            path = context.setting_path("toolkitEnv", name)
            note = context.note(("spec", "cluster", "distribution"), "distribution set here")
            yield context.diagnostic_at(path, codes.TOOLKIT_VARIABLE, message, notes=(note,), help_="remove it")
