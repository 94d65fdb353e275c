"""Settings of components that change nothing: what they need is off, or nobody leaves their part to the component."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from blueprint.catalog.components import Component
from blueprint.catalog.distribution import Mode
from blueprint.catalog.releases import Release
from blueprint.diagnostics import Diagnostic
from blueprint.platform.components import codes
from blueprint.platform.drivers.checks import DriverChecks
from blueprint.source.paths import Path
from blueprint.spec.components import ComponentSpec

if TYPE_CHECKING:
    from blueprint.platform.resolve import Checks


def setting_checks(checks: Checks, release: Release, drivers: DriverChecks) -> Iterator[Diagnostic]:
    """What the records of the settings (`requires`, `part`) say about those that the blueprint gives."""
    modes = [drivers.mode(pool) for pool in checks.spec.node_pools.values() if pool.gpu]
    for name, spec in checks.spec.components.items():
        component = checks.catalog.component(name, release.components.get(name))
        if component is not None and name in release.components:
            yield from _without_switch(checks, spec, component)
            yield from _without_part(checks, spec, component, modes)


def _without_switch(checks: Checks, spec: ComponentSpec, component: Component) -> Iterator[Diagnostic]:
    at: Path = ("spec", "components", component.name, "settings")
    for name, value in spec.settings.items():
        setting = component.settings.get(name)
        for switch in setting.requires if setting and value is not False else ():
            known = component.settings[switch]
            if spec.settings.get(switch, known.default) not in (False, None):
                continue
            notes = (checks.note((*at, switch), f"{switch} is off"),) if switch in spec.settings else ()
            message = f"{component.name}: {name} means nothing while {switch} is off"
            help_ = f"say {f'{switch}: true' if known.type == 'boolean' else switch}, or remove {name}"
            yield checks.at_key((*at, name), codes.SETTING_WITHOUT_ITS_SWITCH, message, notes=notes, help_=help_)


def _without_part(checks: Checks, spec: ComponentSpec, component: Component, modes: list[Mode]) -> Iterator[Diagnostic]:
    """Under `gpuCluster` the operator brings the driver alone; everything else belongs to the DRA driver."""
    if spec.ownership != "managed" or not modes:
        return
    for name in spec.settings:
        part = component.settings[name].part if name in component.settings else None
        here = checks.spec.gpu_stack == "clusterPolicy" or (checks.spec.gpu_stack == "gpuCluster" and part == "driver")
        if part and here and all(mode.owner(part) != "operator" for mode in modes):
            words = {"devicePlugin": "device plugin"}.get(part, part)
            message = f"no pool leaves its {words} to the operator, so {name} changes nothing"
            path: Path = ("spec", "components", component.name, "settings", name)
            yield checks.at(path, codes.SETTING_UNUSED, message, help_="remove it")
