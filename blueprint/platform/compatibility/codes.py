"""Diagnostic codes of compatibility rules (BP316x)."""

from blueprint.diagnostics import define

INCOMPATIBLE = define(
    "BP3164",
    "incompatible",
    """
Values that are each allowed do not work together; a rule of the catalogue says which and why, and the note names its
source. The rules are data, in `blueprint/catalog/compatibility/`. A rule that nobody has verified gives a warning.
""",
)
