"""The kernel's own driver keeps away from the GPUs."""

from __future__ import annotations

from dataclasses import replace

from blueprint.probe import codes, parameters
from blueprint.probe.checks import check
from blueprint.probe.expectations import Expectation
from blueprint.probe.host_observations import ObservedHost
from blueprint.probe.reading import Reading
from blueprint.probe.verdicts import Verdict, VerdictFactory

_NOUVEAU = "nouveau"
_REMEDY = "blacklist nouveau in the node image, rebuild its initramfs, and reboot"


@check("nouveau", parameters.only_true, if_expected=True)
def nouveau(reading: Reading, expectation: Expectation) -> list[Verdict]:
    """The module nouveau is not loaded. Expected wherever the GPU Operator installs the driver.

    `want`: `true`.
    """
    verdicts = VerdictFactory(reading, expectation, "nouveau not loaded")
    modules = ObservedHost(reading).modules
    if modules.value is None:
        return [verdicts.unknown(modules)]
    shown = replace(modules, files=tuple(each.only([_NOUVEAU]) for each in modules.files))
    if _NOUVEAU not in modules.value:
        return [verdicts.passed(shown, "nouveau is not loaded", measured="not loaded")]
    message = f"the module nouveau is loaded on {reading.node}"
    return [verdicts.failed(codes.NOUVEAU_LOADED, shown, message, measured="loaded", remedy=_REMEDY)]
