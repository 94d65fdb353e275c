"""What can be wrong about components and `gpuStack`: what has no place in it, and settings that nothing carries out."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.diagnostics import Diagnostic
from blueprint.platform.check_context import CheckContext
from blueprint.platform.components import codes
from blueprint.platform.drivers.checks import DriverChecks
from blueprint.platform.partitioning import codes as partitioning_codes
from blueprint.platform.paths import POOLS
from blueprint.source.paths import Path
from blueprint.units import as_duration

COMPONENTS: Path = ("spec", "components")
STACK: Path = ("spec", "gpuStack")
_TIMES = {"gpu-operator": ("exporterInterval", "exporterScrapeTimeout"), "dcgm-exporter": ("interval", "scrapeTimeout")}


def check_stack(context: CheckContext) -> Iterator[Diagnostic]:
    """Everything about the stack that no single component or pool shows."""
    drivers = DriverChecks(context)
    yield from _out_of_place(context)
    yield from _nobody_cuts(context, drivers)
    yield from _times(context)
    yield from _runtime(context, drivers)


def _out_of_place(context: CheckContext) -> Iterator[Diagnostic]:
    stack = context.spec.gpu_stack
    for name in context.release.components:
        component = context.catalog.component(name, context.release.components[name])
        if component is None or stack in component.stacks:
            continue
        path: Path = (*COMPONENTS, name) if name in context.spec.components else ("spec", component.section or "")
        if context.root.get(path) and (name in context.spec.components or component.section):
            message = f"{name} has no place in gpuStack: {stack}"
            note = context.note(STACK, "the stack is said here")
            help_ = f"it belongs to gpuStack: {', '.join(component.stacks)}; remove it"
            yield context.diagnostic_at(path, codes.NOT_IN_STACK, message, notes=(note,), help_=help_)


def _nobody_cuts(context: CheckContext, drivers: DriverChecks) -> Iterator[Diagnostic]:
    image = drivers.ground.image(drivers.os)
    operator = context.spec.components.get("gpu-operator")
    for name, pool in context.spec.node_pools.items():
        at: Path = (*POOLS, name, "gpu")
        if pool.gpu and pool.gpu.mig:
            if context.spec.gpu_stack == "standalone":
                because = (STACK, "without the operator there is no MIG manager")
            elif image and image.mig_manager == "no":
                because = (("spec", "cluster", "os"), "these nodes are cut by their own settings, at boot")
            elif (operator := context.spec.components.get("gpu-operator")) and operator.settings.get(
                "migManager"
            ) is False:
                because = ((*COMPONENTS, "gpu-operator", "settings", "migManager"), "the MIG manager is switched off")
            else:
                continue
            message = f"nobody can cut the GPUs of pool {name}"
            yield context.diagnostic_at(
                (*at, "mig"),
                partitioning_codes.NOBODY_CUTS,
                message,
                notes=(context.note(*because),),
                help_="cut them outside of Kubernetes, or choose another stack or image",
            )
        if pool.gpu and pool.gpu.sharing and (owner := drivers.mode(pool).device_plugin) != "operator":
            message = f"the device plugin of pool {name} is the {owner}'s, which no sharing of ours reaches"
            note = context.note((*POOLS, name, "owner", "devicePlugin"), "the owner follows from this")
            yield context.diagnostic_at(
                (*at, "sharing"),
                partitioning_codes.NOBODY_SHARES,
                message,
                notes=(note,),
                help_="set sharing up where the device plugin is, and remove it here",
            )


def _times(context: CheckContext) -> Iterator[Diagnostic]:
    """Prometheus refuses a scrape timeout that is longer than the interval."""
    for name, (interval, timeout) in _TIMES.items():
        spec, component = (
            context.spec.components.get(name),
            context.catalog.component(name, context.release.components.get(name)),
        )
        if spec is None or component is None or timeout in component.lacks:
            continue
        values = [spec.settings.get(key, component.settings[key].default) for key in (interval, timeout)]
        every, patience = (as_duration(value) for value in values)
        if every and patience and patience > every:
            key = timeout if timeout in spec.settings else interval
            message = f"{name}: Prometheus would wait {values[1]} for answers that it asks for every {values[0]}"
            path: Path = (*COMPONENTS, name, "settings", key)
            yield context.diagnostic_at(
                path, codes.SCRAPE_TOO_SLOW, message, help_=f"{timeout} must not be longer than {interval}"
            )


def _runtime(context: CheckContext, drivers: DriverChecks) -> Iterator[Diagnostic]:
    """Variables of the toolkit that the distribution decides, or that break it there."""
    spec, image = context.spec.components.get("gpu-operator"), drivers.ground.image(drivers.os)
    given = spec.settings.get("toolkitEnv") if spec else None
    if image is None or not isinstance(given, dict):
        return
    for name in given:
        if name in image.toolkit_env or name in image.toolkit_env_forbidden:
            why = "sets it already" if name in image.toolkit_env else "breaks with it"
            message = f"the container toolkit on {drivers.ground.title} {why}: {name}"
            path: Path = (*COMPONENTS, "gpu-operator", "settings", "toolkitEnv", name)
            note = context.note(("spec", "cluster", "distribution"), "distribution set here")
            yield context.diagnostic_at(path, codes.TOOLKIT_VARIABLE, message, notes=(note,), help_="remove it")
