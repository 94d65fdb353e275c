"""The node can run virtual machines, and encrypt their memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from blueprint.diagnostics import define
from blueprint.probe.check import check
from blueprint.probe.host_files import HostFile
from blueprint.probe.parameters import TRUE, one_of

if TYPE_CHECKING:
    from blueprint.probe.host import HostRecord
    from blueprint.probe.verdicts import Verdict, VerdictFactory

NO_KVM = define(
    "BP9805",
    "kvm-missing",
    """
The kernel has no KVM, so the node cannot run virtual machines. Enable VT-x or AMD-V in the firmware; a cloud machine
must support nested virtualization, or be bare metal.
""",
)
NOT_ENCRYPTED = define(
    "BP9806",
    "memory-encryption-off",
    """
The kernel of a node of a confidential pool cannot encrypt the memory of virtual machines: SEV-SNP or TDX is disabled in
the firmware, or the kernel was started without it. Such nodes do not get the label from Node Feature Discovery either,
so no pod is scheduled to them.
""",
)


def _devices(lines: Sequence[str]) -> dict[str, str]:
    """Whether `kvm` is a miscellaneous device."""
    return {"kvm": "there"} if any(line.split()[-1:] == ["kvm"] for line in lines) else {"kvm": "missing"}


def _parse_devices(record: HostRecord) -> bool:
    return record.values.get("kvm") == "there"


def _switch(lines: Sequence[str]) -> dict[str, str]:
    return {"value": lines[0].strip() if lines else ""}


def _parse_switch(record: HostRecord) -> bool:
    value = record.values.get("value", "")
    if value not in _SWITCH:
        raise ValueError(f"{value!r}, which is neither on nor off")
    return _SWITCH[value]


_SWITCH: Mapping[str, bool] = {"Y": True, "1": True, "N": False, "0": False}
MISC: HostFile[bool] = HostFile("/proc/misc", _devices, _parse_devices)
SNP: HostFile[bool] = HostFile("/sys/module/kvm_amd/parameters/sev_snp", _switch, _parse_switch)
TDX: HostFile[bool] = HostFile("/sys/module/kvm_intel/parameters/tdx", _switch, _parse_switch)
_FILES = {"snp": SNP, "tdx": TDX}
_TITLES = {"snp": "SEV-SNP", "tdx": "TDX"}


@check("kvm", TRUE, expects=lambda _: "KVM", reads=(MISC,), only_if_expected=True)
def kvm(verdicts: VerdictFactory, _: object) -> list[Verdict]:
    """The kernel supports KVM. Expected if pools have `kata`."""
    found = verdicts.observed_host.observe(MISC)
    if found.value is None:
        return [verdicts.unknown(found)]
    if found.value:
        return [verdicts.passed(found, "the kernel has KVM", measured="there")]
    remedy = "enable virtualization in the firmware"
    return [verdicts.failed(NO_KVM, found, f"{verdicts.node} has no KVM", measured="missing", remedy=remedy)]


@check(
    "memory-encryption",
    one_of("snp", "tdx"),
    expects=lambda name: _TITLES[name],
    reads=(SNP, TDX),
    only_if_expected=True,
)
def memory_encryption(verdicts: VerdictFactory, expected: str) -> list[Verdict]:
    """The kernel can encrypt the memory of virtual machines as declared in the pool's `kata.confidential`."""
    found = verdicts.observed_host.observe(_FILES[expected])
    if found.value is None:
        return [verdicts.unknown(found)]
    title = _TITLES[expected]
    if found.value:
        return [verdicts.passed(found, f"{title} is on", measured="on")]
    remedy = f"enable {title} in the firmware and on the kernel's command line"
    message = f"{title} is disabled on {verdicts.node}"
    return [verdicts.failed(NOT_ENCRYPTED, found, message, measured="off", remedy=remedy)]
