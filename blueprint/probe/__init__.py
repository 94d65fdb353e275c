"""Readings, expectations as data, and checks as pure functions. A leaf: the standard library (and NVML).

The way through it: `collect` asks NVML in a child process and gives a `Reading`; `read_reading` takes one
from a file. `judge(reading, expectations)` gives one `Verdict` per fact (the expectations are those of the
node's pool alone); `diagnostics_of(verdicts, reading)` tells what of it is worth telling, and `exit_code_of`
what it means. The same functions run live, on a recorded reading, and inside `drift --readings`.
"""

import importlib
from typing import TYPE_CHECKING, Any

from blueprint.probe.model import Expectation, ExpectationSource, expectations_to_json

if TYPE_CHECKING:
    from blueprint.probe.facts import Gpu, Node
    from blueprint.probe.judgement import exit_code_of, judge
    from blueprint.probe.reading import Call, Origin, Outcome, PciFunction, PciScan, Reading
    from blueprint.probe.reading_file import (
        expectations_from_json,
        read_expectations,
        read_reading,
        reading_from_json,
    )
    from blueprint.probe.redaction import redact
    from blueprint.probe.survey import collect
    from blueprint.probe.tell import counts_of, diagnostics_of, why_skipped
    from blueprint.probe.verdict import GpuId, Result, Verdict

__all__ = [
    "Call",
    "Expectation",
    "ExpectationSource",
    "Gpu",
    "GpuId",
    "Node",
    "Origin",
    "Outcome",
    "PciFunction",
    "PciScan",
    "Reading",
    "Result",
    "Verdict",
    "collect",
    "counts_of",
    "diagnostics_of",
    "exit_code_of",
    "expectations_from_json",
    "expectations_to_json",
    "judge",
    "read_expectations",
    "read_reading",
    "reading_from_json",
    "redact",
    "why_skipped",
]


_HOMES = {
    "facts": ("Gpu", "Node"),
    "judgement": ("exit_code_of", "judge"),
    "reading": ("Call", "Origin", "Outcome", "PciFunction", "PciScan", "Reading"),
    "reading_file": ("expectations_from_json", "read_expectations", "read_reading", "reading_from_json"),
    "redaction": ("redact",),
    "survey": ("collect",),
    "tell": ("counts_of", "diagnostics_of", "why_skipped"),
    "verdict": ("GpuId", "Result", "Verdict"),
}


def __getattr__(name: str) -> Any:
    """Found when it is asked for: compiling needs expectations alone, not readings, checks and child processes."""
    for home, names in _HOMES.items():
        if name in names:
            return getattr(importlib.import_module(f"{__name__}.{home}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
