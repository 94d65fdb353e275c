"""Commands that undo a finding, exactly as they are typed."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from blueprint.bundle.model import ObjectId
from blueprint.diagnostics import Diagnostic
from blueprint.records import replace


def kubectl(verb: str, identity: ObjectId, *arguments: str) -> str:
    """A kubectl command, including the namespace."""
    kind = f"{identity.kind.lower()}.{identity.group}" if identity.group else identity.kind.lower()
    where = ["--namespace", identity.namespace] if identity.namespace else []
    return shlex.join(["kubectl", verb, kind, identity.name, *where, *arguments])


def aimed(found: Diagnostic, target: Sequence[str], cluster: Sequence[str]) -> Diagnostic:
    """The diagnostic with the target and the cluster of this run added to its commands, in each tool's flags."""
    commands = tuple(_aimed(command, target, cluster) for command in found.commands)
    text = found.help or ""
    for old, new in zip(found.commands, commands, strict=True):
        text = text.replace(f"`{old}`", f"`{new}`")
    return replace(found, commands=commands, help=text or None)


def _aimed(command: str, target: Sequence[str], cluster: Sequence[str]) -> str:
    program, verb, *rest = shlex.split(command)
    return shlex.join([program, verb, *(target if program == "blueprint" else ()), *rest, *cluster])
