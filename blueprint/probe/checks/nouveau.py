"""The nouveau driver is not loaded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from blueprint.diagnostics import define
from blueprint.probe.check import check
from blueprint.probe.host_files import MODULES
from blueprint.probe.parameters import TRUE

if TYPE_CHECKING:
    from blueprint.probe.verdicts import Verdict, VerdictFactory

NOUVEAU_LOADED = define(
    "BP9111",
    "nouveau-loaded",
    """
The kernel's own driver, nouveau, is loaded on a node where the GPU Operator installs NVIDIA's. The first driver to bind
the GPUs keeps them, and the driver pod fails or waits. Put `blacklist nouveau` into the node image's modprobe
configuration, rebuild its initramfs, and reboot.
""",
)

_NOUVEAU = "nouveau"
_REMEDY = "blacklist nouveau in the node image, rebuild its initramfs, and reboot"


@check("nouveau", TRUE, expects=lambda _: "nouveau not loaded", reads=(MODULES,), only_if_expected=True)
def nouveau(verdicts: VerdictFactory, _: object) -> list[Verdict]:
    """The module nouveau is not loaded. Expected if the GPU Operator installs the driver."""
    modules = verdicts.observed_host.modules
    if modules.value is None:
        return [verdicts.unknown(modules)]
    shown = modules._replace(files=tuple(each.only([_NOUVEAU]) for each in modules.files))
    if _NOUVEAU not in modules.value:
        return [verdicts.passed(shown, "nouveau is not loaded", measured="not loaded")]
    message = f"the module nouveau is loaded on {verdicts.node}"
    return [verdicts.failed(NOUVEAU_LOADED, shown, message, measured="loaded", remedy=_REMEDY)]
