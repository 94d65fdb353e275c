"""Diagnostic codes of the tool itself (BP0xxx)."""

from blueprint.diagnostics.model import Severity
from blueprint.diagnostics.registry import define

INTERNAL_ERROR = define(
    "BP0001",
    "internal-error",
    """
A part of the tool itself failed: a rule, a template or a phase raised an unexpected error. The
result is incomplete, and nothing was written because of it. This is a bug of the tool: please report it
with the text of the message. `BLUEPRINT_DEBUG=1` prints the traceback.
""",
)

USAGE = define(
    "BP0002",
    "usage",
    """
The command line is invalid: an unknown flag or report format, two flags that are mutually exclusive, or a malformed
argument. `blueprint VERB --help` shows the valid options.
""",
)

FILE_EXISTS = define(
    "BP0003",
    "file-exists",
    """
The output file exists. The tool overwrites only files that it has written itself: choose another name, or move the file
away first.
""",
)

FILE_UNWRITABLE = define(
    "BP0004",
    "file-unwritable",
    """
The file could not be written: the folder is missing or may not be written to, or the disk is full. Existing content is
unchanged.
""",
)

CONFIGURATION_INVALID = define(
    "BP0061",
    "configuration-invalid",
    """
The project's configuration cannot be used: it is not TOML, has a key that does not exist, or names a rule that does not
exist. It is `.blueprint.toml`, or the table `[tool.blueprint]` of a `pyproject.toml`; the nearest file in the target's
folder or its parents is used, up to the root of the repository. Keys: `waivers`, and `[rules]` with `profile`,
`select`, `ignore`, `[rules.severity]`, `[rules.options.CODE]` and `[rules.paths]`. `blueprint explain rules` lists the
rules.
""",
)

FIXED = define(
    "BP0067",
    "fixed",
    """
`--fix` changed a file as this finding suggested. The suggestion is likely, not certain: review the change before you
commit it. `git diff` shows it, and `git restore FILE` reverts it.
""",
    severity=Severity.NOTE,
)

NOT_FORMATTED = define(
    "BP0068",
    "not-formatted",
    """
The file is not formatted as `blueprint fmt` formats it (order of keys, quotes, whitespace). Its meaning is the same.
`blueprint fmt FILE` formats it; `blueprint fmt --diff FILE` shows what would change.
""",
)
