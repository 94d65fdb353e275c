"""Checks for component settings without effect: what they need is disabled, or no pool leaves their part to the
component.
"""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.catalog.distribution import Mode
from blueprint.diagnostics import Diagnostic
from blueprint.platform.check_context import CheckContext
from blueprint.platform.components import codes
from blueprint.platform.components.model import PlatformComponent
from blueprint.platform.virtualization.model import SANDBOX
from blueprint.source.paths import Path


def check_settings(context: CheckContext) -> Iterator[Diagnostic]:
    """Check the settings in the blueprint against the facts about them (`requires`, `part`)."""
    modes = [pool.mode for pool in context.gpu_pools]
    for component in context.platform.declared_components.values():
        yield from _without_switch(context, component)
        yield from _without_part(context, component, modes)


def _without_switch(context: CheckContext, component: PlatformComponent) -> Iterator[Diagnostic]:
    at: Path = ("spec", "components", component.name, "settings")
    given, settings = component.given, component.component.settings
    for name, value in given.items():
        setting = settings.get(name)
        for switch in setting.requires if setting and value is not False else ():
            known = settings[switch]
            if given.get(switch, known.default) not in (False, None) or is_on_anyway(context, switch):
                continue
            notes = (context.note((*at, switch), f"{switch} is off"),) if switch in given else ()
            message = f"{component.name}: {name} has no effect while {switch} is off"
            help_ = f"set {f'{switch}: true' if known.type == 'boolean' else switch}, or remove {name}"
            yield context.diagnostic_at_key(
                (*at, name), codes.SETTING_WITHOUT_ITS_SWITCH, message, notes=notes, help_=help_
            )


def is_on_anyway(context: CheckContext, switch: str) -> bool:
    """Whether pools enable what a setting could enable."""
    return switch == SANDBOX and context.platform.virtualization.requested


def _without_part(context: CheckContext, component: PlatformComponent, modes: list[Mode]) -> Iterator[Diagnostic]:
    """Settings for parts that the operator does not manage. With `gpuCluster`, it manages only the driver."""
    if component.ownership != "managed" or not modes:
        return
    stack, settings = context.platform.stack, component.component.settings
    for name in component.given:
        part = settings[name].part if name in settings else None
        here = stack == "clusterPolicy" or (stack == "gpuCluster" and part == "driver")
        if part and here and all(mode.owner(part) != "operator" for mode in modes):
            words = {"devicePlugin": "device plugin"}.get(part, part)
            message = f"the operator manages the {words} of no pool, so {name} has no effect"
            path: Path = ("spec", "components", component.name, "settings", name)
            yield context.diagnostic_at(path, codes.SETTING_UNUSED, message, help_="remove it")
