"""Read this node's GPUs through NVML, and check them against the blueprint.

-o records a reading of this machine; --expect and --pool check this machine or a recorded reading; --zipapp writes a
probe that runs with any node's Python.
"""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from blueprint.cli.options import add_report
from blueprint.cli.waiving import add_waivers
from blueprint.probe.command import add_options
from blueprint.probe.output import STDOUT, is_stdout, write_file
from blueprint.records import replace

if TYPE_CHECKING:
    from blueprint.probe.expectations import Expectation
    from blueprint.probe.reading import Reading
    from blueprint.probe.verdicts import Verdict
    from blueprint.report.model import Run

HELP = "read this node's GPUs and check them against the blueprint"
GROUP = "cluster"
STEP = 5
EXAMPLES = (
    "blueprint probe -o reading.json",
    "blueprint probe --expect bundle --pool train",
    "blueprint probe --reading reading.json --expect bundle --pool train",
    "blueprint probe --zipapp blueprint-probe.pyz",
)
_EXECUTABLE = 0o755


def configure(parser: ArgumentParser) -> None:
    """Add the flags."""
    add_options(parser)
    parser.add_argument("--zipapp", metavar="OUT.pyz", help="write the probe as a single file for nodes, and exit")
    add_waivers(parser)
    add_report(parser)


def run(options: Namespace) -> Run:
    """Record, check, or both."""
    if options.zipapp:
        return _pack(options)
    import datetime as dt

    from blueprint.probe import command
    from blueprint.probe.engine import judge

    command.check_options(options)
    expectations, texts = _expected(options)
    now = dt.datetime.now(dt.UTC)
    reading = command.take_reading(options, now)
    if options.reading:
        command.remark_on_age(reading, now)
    verdicts = judge(reading, expectations)
    if options.out == STDOUT:
        sys.stdout.write(command.document(reading))
    return replace(_run_of(options, reading, verdicts), texts=texts)


def _expected(options: Namespace) -> tuple[list[Expectation], Mapping[str, str]]:
    """The expectations for the pool's nodes, and the lines that declare them. Raises Refused if the bundle does not
    have the pool.
    """
    texts: Mapping[str, str] = {}
    if not options.expect:
        return [], texts
    from blueprint.probe.command import check_pool
    from blueprint.probe.reading_file import read_expectations

    path = Path(options.expect)
    if path.is_dir():
        from blueprint.bundle.reader import read_bundle

        bundle = read_bundle(path)
        found, pools, texts = bundle.expectations, [pool.name for pool in bundle.pools], bundle.texts
    else:
        found = read_expectations(path)
        pools = [each.pool for each in found]
    check_pool(options.pool, pools, str(path))
    return [each for each in found if each.pool == options.pool], texts


def _run_of(options: Namespace, reading: Reading, verdicts: Sequence[Verdict]) -> Run:
    from blueprint.probe.diagnostics import counts_of, diagnostics_of, why_skipped
    from blueprint.probe.engine import exit_code_of
    from blueprint.probe.summary import inventory, summary
    from blueprint.probe.verdicts import Result
    from blueprint.report.model import Coverage, Run

    counts = counts_of(verdicts)
    examined = counts[Result.PASS] + counts[Result.FAIL]
    diagnostics = tuple(diagnostics_of(verdicts, reading))
    failures = {verdict.code for verdict in verdicts if verdict.result is Result.FAIL}
    verdict = summary(verdicts, reading, options.pool)

    def reassess(waived: Collection[int]) -> tuple[str, int]:
        """Verdict and exit code without the waived findings, given by index."""
        standing = (each for number, each in enumerate(diagnostics) if number not in waived)
        if any(each.code in failures for each in standing):
            return verdict, exit_code_of(verdicts)
        return verdict, exit_code_of([each for each in verdicts if each.result is not Result.FAIL])

    task = f"checked against pool {options.pool} of {options.expect}" if options.expect else "recorded"
    return Run(
        verb="probe",
        title=f"node {reading.node}, {task}",
        diagnostics=diagnostics,
        coverage=(Coverage("facts", examined, counts[Result.UNKNOWN]),),
        out_of_scope=tuple(why_skipped(verdicts)) if options.expect else ("judgement by a pool's expectations",),
        subject={
            "node": reading.node,
            "time": reading.time,
            "reading": f"{reading.origin}{f' in {options.out}' if options.out else ''}",
            "library": reading.library,
            "gpus": inventory(reading),
        },
        verdict=verdict,
        exit_code=exit_code_of(verdicts),
        reassess=reassess,
    )


def _pack(options: Namespace) -> Run:
    from blueprint.probe.pack import has_bindings, zipapp
    from blueprint.report.model import Run

    path = Path(options.zipapp)

    write_file(path, zipapp(), _EXECUTABLE)
    without = "" if has_bindings() else " (without nvidia-ml-py: install it on the node, or here first)"
    if not is_stdout(path):
        sys.stdout.write(f"wrote {path}{without}\n")
    options.prints = True
    return Run("probe", f"probe --zipapp {path}", verdict=f"wrote {path}{without}")
