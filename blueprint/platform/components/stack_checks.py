"""What can be wrong about components and `gpuStack`: what has no place in it, and settings that nothing carries out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from blueprint.catalog.releases import Release
from blueprint.diagnostics import Diagnostic
from blueprint.platform.check_context import POOLS
from blueprint.platform.components import codes
from blueprint.platform.components.setting_checks import setting_checks
from blueprint.platform.dra.checks import dra_checks
from blueprint.platform.drivers.checks import DriverChecks
from blueprint.platform.partitioning import codes as partitioning_codes
from blueprint.source.paths import Path
from blueprint.units import as_duration

if TYPE_CHECKING:
    from blueprint.platform.resolve import Checks

COMPONENTS: Path = ("spec", "components")
STACK: Path = ("spec", "gpuStack")
_TIMES = {"gpu-operator": ("exporterInterval", "exporterScrapeTimeout"), "dcgm-exporter": ("interval", "scrapeTimeout")}


def stack_checks(checks: Checks, release: Release) -> Iterator[Diagnostic]:
    """Everything about the stack that no single component or pool shows."""
    drivers = DriverChecks(checks, release)
    yield from _out_of_place(checks, release)
    yield from _nobody_cuts(checks, drivers)
    yield from setting_checks(checks, release, drivers)
    yield from dra_checks(checks, release)
    yield from _times(checks, release)
    yield from _runtime(checks, drivers)


def _out_of_place(checks: Checks, release: Release) -> Iterator[Diagnostic]:
    stack = checks.spec.gpu_stack
    for name in release.components:
        component = checks.catalog.component(name, release.components[name])
        if component is None or stack in component.stacks:
            continue
        path: Path = (*COMPONENTS, name) if name in checks.spec.components else ("spec", component.section or "")
        if checks.root.get(path) and (name in checks.spec.components or component.section):
            message = f"{name} has no place in gpuStack: {stack}"
            note = checks.note(STACK, "the stack is said here")
            help_ = f"it belongs to gpuStack: {', '.join(component.stacks)}; remove it"
            yield checks.at(path, codes.NOT_IN_STACK, message, notes=(note,), help_=help_)


def _nobody_cuts(checks: Checks, drivers: DriverChecks) -> Iterator[Diagnostic]:
    image = drivers.ground.image(drivers.os)
    operator = checks.spec.components.get("gpu-operator")
    for name, pool in checks.spec.node_pools.items():
        at: Path = (*POOLS, name, "gpu")
        if pool.gpu and pool.gpu.mig:
            if checks.spec.gpu_stack == "standalone":
                because = (STACK, "without the operator there is no MIG manager")
            elif image and image.mig_manager == "no":
                because = (("spec", "cluster", "os"), "these nodes are cut by their own settings, at boot")
            elif (operator := checks.spec.components.get("gpu-operator")) and operator.settings.get(
                "migManager"
            ) is False:
                because = ((*COMPONENTS, "gpu-operator", "settings", "migManager"), "the MIG manager is switched off")
            else:
                continue
            message = f"nobody can cut the GPUs of pool {name}"
            yield checks.at((*at, "mig"), partitioning_codes.NOBODY_CUTS, message, notes=(checks.note(*because),),
                            help_="cut them outside of Kubernetes, or choose another stack or image")  # fmt: skip
        if pool.gpu and pool.gpu.sharing and (owner := drivers.mode(pool).device_plugin) != "operator":
            message = f"the device plugin of pool {name} is the {owner}'s, which no sharing of ours reaches"
            note = checks.note((*POOLS, name, "owner", "devicePlugin"), "the owner follows from this")
            yield checks.at((*at, "sharing"), partitioning_codes.NOBODY_SHARES, message, notes=(note,),
                            help_="set sharing up where the device plugin is, and remove it here")  # fmt: skip


def _times(checks: Checks, release: Release) -> Iterator[Diagnostic]:
    """Prometheus refuses a scrape timeout that is longer than the interval."""
    for name, (interval, timeout) in _TIMES.items():
        spec, component = checks.spec.components.get(name), checks.catalog.component(name, release.components.get(name))
        if spec is None or component is None or timeout in component.lacks:
            continue
        values = [spec.settings.get(key, component.settings[key].default) for key in (interval, timeout)]
        every, patience = (as_duration(value) for value in values)
        if every and patience and patience > every:
            key = timeout if timeout in spec.settings else interval
            message = f"{name}: Prometheus would wait {values[1]} for answers that it asks for every {values[0]}"
            path: Path = (*COMPONENTS, name, "settings", key)
            yield checks.at(path, codes.SCRAPE_TOO_SLOW, message, help_=f"{timeout} must not be longer than {interval}")


def _runtime(checks: Checks, drivers: DriverChecks) -> Iterator[Diagnostic]:
    """Variables of the toolkit that the distribution decides, or that break it there."""
    spec, image = checks.spec.components.get("gpu-operator"), drivers.ground.image(drivers.os)
    given = spec.settings.get("toolkitEnv") if spec else None
    if image is None or not isinstance(given, dict):
        return
    for name in given:
        if name in image.toolkit_env or name in image.toolkit_env_forbidden:
            why = "sets it already" if name in image.toolkit_env else "breaks with it"
            message = f"the container toolkit on {drivers.ground.title} {why}: {name}"
            path: Path = (*COMPONENTS, "gpu-operator", "settings", "toolkitEnv", name)
            note = checks.note(("spec", "cluster", "distribution"), "distribution set here")
            yield checks.at(path, codes.TOOLKIT_VARIABLE, message, notes=(note,), help_="remove it")
