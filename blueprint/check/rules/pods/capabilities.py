"""Names of capabilities that Linux does not define."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.check.finding import ObjectFinding
from blueprint.check.rule import rule
from blueprint.check.rule_context import DescribedPod, RuleContext, inside, items
from blueprint.diagnostics import Severity, define, nearest
from blueprint.source.paths import format_path

UNKNOWN = define("BP6160", "capability-unknown", page=__file__, severity=Severity.WARNING)
_PREFIX = "CAP_"
_KNOWN = frozenset(
    {
        "AUDIT_CONTROL", "AUDIT_READ", "AUDIT_WRITE", "BLOCK_SUSPEND", "BPF", "CHECKPOINT_RESTORE", "CHOWN",
        "DAC_OVERRIDE", "DAC_READ_SEARCH", "FOWNER", "FSETID", "IPC_LOCK", "IPC_OWNER", "KILL", "LEASE",
        "LINUX_IMMUTABLE", "MAC_ADMIN", "MAC_OVERRIDE", "MKNOD", "NET_ADMIN", "NET_BIND_SERVICE", "NET_BROADCAST",
        "NET_RAW", "PERFMON", "SETFCAP", "SETGID", "SETPCAP", "SETUID", "SYSLOG", "SYS_ADMIN", "SYS_BOOT",
        "SYS_CHROOT", "SYS_MODULE", "SYS_NICE", "SYS_PACCT", "SYS_PTRACE", "SYS_RAWIO", "SYS_RESOURCE", "SYS_TIME",
        "SYS_TTY_CONFIG", "WAKE_ALARM",
    }
)  # fmt: skip
"""From include/uapi/linux/capability.h of Linux 6.12, without the prefix."""


@rule(UNKNOWN, tags=("security",))
def unknown(pod: DescribedPod, context: RuleContext) -> Iterator[ObjectFinding]:
    """Capabilities with the prefix CAP_, and those that do not exist."""
    for path, container in pod.containers:
        for part in ("add", "drop"):
            names = items(inside(container, "securityContext", "capabilities", part))
            for index, name in enumerate(names):
                if isinstance(name, str) and (fault := _fault(name, context)):
                    at = (*path, "securityContext", "capabilities", part, index)
                    why, help_ = fault
                    yield ObjectFinding(UNKNOWN, at, f"{format_path(at, pod.subject.data)} is {name}: {why}", help_)


def _fault(name: str, context: RuleContext) -> tuple[str, str] | None:
    """Why not every container runtime accepts a name, and what to write. Runtimes accept lower case."""
    upper = name.upper()
    bare = upper.removeprefix(_PREFIX)
    if upper in _KNOWN or upper == "ALL":
        return None
    if bare in _KNOWN:
        return "containerd adds the prefix CAP_ a second time, and then ignores it", f"write {bare}"
    near = nearest(bare, _KNOWN)
    help_ = f"did you mean {near}?" if near else "man 7 capabilities lists them; omit the prefix CAP_ here"
    return "Linux has no such capability, so container runtimes ignore it", help_


RULES = (unknown,)
