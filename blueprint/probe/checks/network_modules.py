"""The modules that join GPUs with cards and storage: nvidia-peermem, gdrdrv, nvidia-fs."""

from __future__ import annotations

from dataclasses import replace

from blueprint.probe import codes, parameters
from blueprint.probe.checks import check
from blueprint.probe.expectations import Expectation
from blueprint.probe.host_observations import ObservedHost
from blueprint.probe.reading import Reading
from blueprint.probe.verdicts import Verdict, VerdictFactory

_LIVE = "Live"


@check("nvidia-peermem", parameters.only_true, if_expected=True)
def nvidia_peermem(reading: Reading, expectation: Expectation) -> list[Verdict]:
    """The module nvidia-peermem is loaded. Expected where cards reach GPU memory through it (`gpuDirect: peermem`).

    `want`: `true`.
    """
    return [_loaded(reading, expectation, "nvidia_peermem")]


@check("gdrdrv", parameters.only_true, if_expected=True)
def gdrdrv(reading: Reading, expectation: Expectation) -> list[Verdict]:
    """The module gdrdrv is loaded. Expected where the pool's network has `gdrcopy`.

    `want`: `true`.
    """
    return [_loaded(reading, expectation, "gdrdrv")]


@check("nvidia-fs", parameters.only_true, if_expected=True)
def nvidia_fs(reading: Reading, expectation: Expectation) -> list[Verdict]:
    """The module nvidia-fs is loaded. Expected where the pool's network has `gds`.

    `want`: `true`.
    """
    return [_loaded(reading, expectation, "nvidia_fs")]


def _loaded(reading: Reading, expectation: Expectation, module: str) -> Verdict:
    verdicts = VerdictFactory(reading, expectation, f"{module} loaded")
    modules = ObservedHost(reading).modules
    if modules.value is None:
        return verdicts.unknown(modules)
    shown = replace(modules, files=tuple(each.only([module, "nvidia"]) for each in modules.files))
    state = modules.value.get(module, "not loaded")
    if state == _LIVE:
        return verdicts.passed(shown, f"{module} is loaded", measured=state)
    remedy = "look at the containers of the driver pod and their logs, and at `dmesg` for symbols that do not fit"
    message = (
        f"the module {module} is {state} on {reading.node}, not {_LIVE}"
        if module in modules.value
        else (f"the module {module} is not loaded on {reading.node}")
    )
    return verdicts.failed(codes.MODULE_MISSING, shown, message, measured=state, remedy=remedy)
