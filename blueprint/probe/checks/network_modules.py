"""The kernel modules that connect GPUs with network adapters and storage: nvidia-peermem, gdrdrv, nvidia-fs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from blueprint.diagnostics import define
from blueprint.probe.check import check
from blueprint.probe.host_files import MODULES
from blueprint.probe.parameters import TRUE

if TYPE_CHECKING:
    from blueprint.probe.verdicts import Verdict, VerdictFactory

MODULE_MISSING = define(
    "BP9112",
    "kernel-module-missing",
    """
A kernel module that the pool's `network` requests is not loaded: nvidia-peermem lets cards reach GPU memory, gdrdrv
performs small copies (GDRCopy), nvidia-fs is needed for GPUDirect Storage. Without it everything works, but slower,
through CPU memory. Look at the driver pod's containers of that name, and at `dmesg` for symbols that do not fit.
""",
)

_LIVE = "Live"


@check("nvidia-peermem", TRUE, expects=lambda _: "nvidia_peermem loaded", reads=(MODULES,), only_if_expected=True)
def nvidia_peermem(verdicts: VerdictFactory, _: object) -> list[Verdict]:
    """The module nvidia-peermem is loaded. Expected if adapters access GPU memory through it (`gpuDirect: peermem`)."""
    return [_loaded(verdicts, "nvidia_peermem")]


@check("gdrdrv", TRUE, expects=lambda _: "gdrdrv loaded", reads=(MODULES,), only_if_expected=True)
def gdrdrv(verdicts: VerdictFactory, _: object) -> list[Verdict]:
    """The module gdrdrv is loaded. Expected if the pool's network has `gdrcopy`."""
    return [_loaded(verdicts, "gdrdrv")]


@check("nvidia-fs", TRUE, expects=lambda _: "nvidia_fs loaded", reads=(MODULES,), only_if_expected=True)
def nvidia_fs(verdicts: VerdictFactory, _: object) -> list[Verdict]:
    """The module nvidia-fs is loaded. Expected if the pool's network has `gds`."""
    return [_loaded(verdicts, "nvidia_fs")]


def _loaded(verdicts: VerdictFactory, module: str) -> Verdict:
    modules = verdicts.observed_host.modules
    if modules.value is None:
        return verdicts.unknown(modules)
    shown = modules._replace(files=tuple(each.only([module, "nvidia"]) for each in modules.files))
    state = modules.value.get(module, "not loaded")
    if state == _LIVE:
        return verdicts.passed(shown, f"{module} is loaded", measured=state)
    remedy = "check the containers of the driver pod and their logs, and `dmesg` for mismatched symbols"
    found = f"{state} on {verdicts.node}, not {_LIVE}" if module in modules.value else f"not loaded on {verdicts.node}"
    message = f"the module {module} is {found}"
    return verdicts.failed(MODULE_MISSING, shown, message, measured=state, remedy=remedy)
