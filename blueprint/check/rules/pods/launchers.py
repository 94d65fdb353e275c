"""Programs that start one process per GPU, and the number of processes."""

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
    "torchrun": (r"\b(?:torchrun|torch\.distributed\.(?:run|launch))\b", r"--nproc[-_]per[-_]node"),
    "accelerate": (r"\baccelerate launch\b", "--num_processes"),
    "deepspeed": (r"\bdeepspeed\b", "--num_gpus"),
}
"""The program, and its option for the number of processes. Searched separately, because a single expression would take
quadratic time.
"""
_SEVERAL_NODES = {"accelerate": "--num_machines"}
"""Options with which the number applies to all nodes together."""


@rule(PROCESSES, tags=("performance",))
def processes(pod: DescribedPod, context: RuleContext) -> Iterator[ObjectFinding]:
    """Launchers whose number of processes differs from the number of GPUs."""
    for path, container in pod.containers:
        line, gpus = command_line(container), limit(container, GPU)
        for name in _LAUNCHERS if gpus else ():
            if (number := _processes(name, line)) and number != gpus:
                at = (*path, "resources", "limits", GPU)
                field = format_path(at, pod.subject.data)
                end = "several share one, which NCCL rejects" if number > gpus else f"{gpus - number} stay idle"
                text = f"{field} is {gpus}, but {name} starts {_count(number)}: {end}"
                yield ObjectFinding(PROCESSES, at, text, f"set {GPU}: {number}, or start {_count(gpus)}")


def _count(processes: int) -> str:
    return "1 process" if processes == 1 else f"{processes} processes"


def _processes(name: str, line: str) -> int | None:
    """The number of processes that a launcher starts on each node; None if the command does not set it."""
    program, option = _LAUNCHERS[name]
    begin = re.search(program, line)
    rest = line[begin.end() :] if begin else ""
    found = re.search(rf"{option}[= ]\s*(\d{{1,9}})\b", rest)
    of_all_nodes = name in _SEVERAL_NODES and _SEVERAL_NODES[name] in rest
    return int(found[1]) if found and not of_all_nodes else None


RULES = (processes,)
