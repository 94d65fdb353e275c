"""Codes of the tool itself (BP0xxx)."""

from blueprint.diagnostics.registry import define

INTERNAL_ERROR = define(
    "BP0001",
    "internal-error",
    """
A part of the tool itself failed: a rule, a template or a phase raised something it should not have. The
result is incomplete, and nothing was written because of it. This is our bug, never yours: please report it
with the text of the message. `BLUEPRINT_DEBUG=1` prints the traceback.
""",
)

USAGE = define(
    "BP0002",
    "usage",
    """
The command line asks for something that cannot be done: an unknown flag or report format, two flags that
exclude each other, an argument of the wrong form. `blueprint VERB --help` shows what is possible.
""",
)
