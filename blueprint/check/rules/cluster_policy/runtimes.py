"""Variables of the container toolkit that do not fit the containerd of the nodes."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.bundle.model import Object
from blueprint.check.finding import ObjectFinding
from blueprint.check.rule import rule
from blueprint.check.rule_context import RuleContext, inside, items, mapping
from blueprint.diagnostics import Severity, define
from blueprint.source.paths import format_path

CONTAINERD_OF_K3S = define("BP6628", "containerd-of-k3s", page=__file__, severity=Severity.WARNING)
_FOLDER, _SOCKET = "/var/lib/rancher/", "/run/k3s/containerd/containerd.sock"


@rule(CONTAINERD_OF_K3S, tags=("operator",))
def containerd_of_k3s(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """A configuration that k3s and RKE2 write themselves."""
    variables = [mapping(each) for each in items(inside(subject.data, "spec", "toolkit", "env"))]
    right = any((each.get("name"), each.get("value")) == ("CONTAINERD_SOCKET", _SOCKET) for each in variables)
    for index, each in enumerate(variables):
        if each.get("name") == "CONTAINERD_CONFIG" and str(each.get("value")).startswith(_FOLDER):
            path = ("spec", "toolkit", "env", index, "value")
            text = f"{format_path(path, subject.data)}: k3s and RKE2 write this file themselves"
            beside = "" if right else f", and set CONTAINERD_SOCKET: {_SOCKET}"
            yield ObjectFinding(CONTAINERD_OF_K3S, path, text, f"remove CONTAINERD_CONFIG{beside}")


RULES = (containerd_of_k3s,)
