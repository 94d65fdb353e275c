"""Diagnostic codes of compatibility rules (BP316x)."""

from blueprint.diagnostics import define

INCOMPATIBLE = define(
    "BP3164",
    "incompatible",
    """
These values are valid, but do not work together; the message gives the reason, and the note names the source. The rules are data, in `blueprint/catalog/compatibility/`. A rule that is not verified gives a warning.
""",
)
