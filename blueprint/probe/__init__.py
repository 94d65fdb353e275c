"""Readings, expectations as data, and checks as pure functions. A leaf: the standard library (and NVML).

The way through it: `collect` asks NVML in a child process and gives a `Reading`; `read_reading` takes one
from a file. `judge(reading, expectations)` gives one `Verdict` per fact (the expectations are those of the
node's pool alone); `diagnostics_of(verdicts, reading)` tells what of it is worth telling, and `exit_code_of`
what it means. The same functions run live, on a recorded reading, and
inside `drift --readings`.
"""

from blueprint.probe.facts import Gpu, Node
from blueprint.probe.judge import exit_code_of, judge
from blueprint.probe.model import Expectation, ExpectationSource, expectations_to_json
from blueprint.probe.reading import Call, Origin, Outcome, PciFunction, PciScan, Reading
from blueprint.probe.reading_file import (
    expectations_from_json,
    read_expectations,
    read_reading,
    reading_from_json,
)
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
    "counts_of",
    "diagnostics_of",
    "exit_code_of",
    "expectations_from_json",
    "expectations_to_json",
    "judge",
    "read_expectations",
    "read_reading",
    "reading_from_json",
    "why_skipped",
]
