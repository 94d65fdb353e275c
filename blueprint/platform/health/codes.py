"""Diagnostic codes for declared reactions to GPU faults (BP3640 to BP3659)."""

from blueprint.diagnostics import Severity, define

UNKNOWN_FAULT = define(
    "BP3640",
    "unknown-gpu-fault",
    """
`policy.health` declares a reaction to a fault that no alert reports, so it would never be used. Faults are named by
what happened (`row-remap-failure`) or by Xid number (`xid-79`).
""",
)
REACTION_CANNOT_HELP = define(
    "BP3641",
    "reaction-cannot-help",
    """
The declared reaction does not repair this fault: a GPU that has fallen off the bus does not answer a reset, and spare rows of memory that are
used up do not come back. Declare `drain` or `replace`.
""",
)
REACTION_UNHEARD = define(
    "BP3642",
    "reaction-without-alert",
    """
The reaction is a label of the alert that reports the fault, and this platform does not have that alert: it has no
`spec.observability`, or the alert is disabled or omitted in every pool. The fault then goes unnoticed.
""",
    severity=Severity.WARNING,
)
