"""Diagnostic codes of reports (BP001x, which belong to the tool, not to a phase)."""

from blueprint.diagnostics import define

REPORT_UNWRITABLE = define(
    "BP0010",
    "report-unwritable",
    """
A report could not be written to the path that `--report FORMAT=PATH` names: the folder does not exist, is not writable,
or the disk is full. The run itself took place, but its report is not where you requested it, so the exit code is 2 even
if nothing was found. Reports are written to a temporary file and then moved, so an older report of that name is still
complete.
""",
)

TOPIC_UNKNOWN = define(
    "BP0011",
    "unknown-topic",
    """
`blueprint explain` explains codes (`BP1001`, or their slugs), field paths of a blueprint
(`spec.nodePools.*.gpu.product`), components, and a few general topics such as `exit-codes`.
`blueprint explain` without an argument lists them all.
""",
)
