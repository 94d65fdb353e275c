"""Codes of declared reactions to faults of GPUs (BP3640 to BP3659)."""

from blueprint.diagnostics import Severity, define

UNKNOWN_FAULT = define(
    "BP3640",
    "unknown-gpu-fault",
    """
`policy.health` declares a reaction to a fault that no alert tells of, so it would never be carried by anything. Faults are named by what
happened (`row-remap-failure`) or by the number of the Xid (`xid-79`).
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
The reaction is a label of the alert that tells of the fault, and this platform does not have that alert: it has no `spec.observability`,
or the alert is switched off or left out in every pool. Then the fault goes unnoticed, and the reaction with it.
""",
    severity=Severity.WARNING,
)
