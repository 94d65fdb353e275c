"""Programs that start a process for each GPU, and how many they start."""

from __future__ import annotations

import re
from collections.abc import Iterator

from blueprint.check.common.containers import GPU, command_line, limit
from blueprint.check.finding import ObjectFinding
from blueprint.check.rule import rule
from blueprint.check.rule_context import DescribedPod, RuleContext
from blueprint.diagnostics import Severity, define
from blueprint.source.paths import format_path

PROCESSES = define("BP6581", "processes-unlike-gpus", page=__file__, severity=Severity.WARNING)
_LAUNCHERS = {
    "torchrun": re.compile(
        r"\b(?:torchrun|torch\.distributed\.(?:run|launch))\b.*?--nproc[-_]per[-_]node[= ]\s*(\d+)\b", re.DOTALL
    ),
    "accelerate": re.compile(r"\baccelerate launch\b(?!.*--num_machines).*?--num_processes[= ]\s*(\d+)\b", re.DOTALL),
    "deepspeed": re.compile(r"\bdeepspeed\b.*?--num_gpus[= ]\s*(\d+)\b", re.DOTALL),
}


@rule(PROCESSES, tags=("performance",))
def processes(pod: DescribedPod, context: RuleContext) -> Iterator[ObjectFinding]:
    """Launchers with another number of processes than GPUs."""
    for path, container in pod.containers:
        line, gpus = command_line(container), limit(container, GPU)
        for name, pattern in _LAUNCHERS.items() if gpus else ():
            found = pattern.search(line)
            if found and (number := int(found[1])) and number != gpus:
                at = (*path, "resources", "limits", GPU)
                field = format_path(at, pod.subject.data)
                end = "several share one, which NCCL rejects" if number > gpus else f"{gpus - number} stay idle"
                text = f"{field} is {gpus}, but {name} starts {number} processes: {end}"
                yield ObjectFinding(PROCESSES, at, text, f"set {GPU}: {number}, or start {gpus} processes")


RULES = (processes,)
