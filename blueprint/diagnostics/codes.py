"""Codes of the tool itself (BP0xxx)."""

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
The command line requests something that cannot be done: an unknown flag or report format, two flags that
exclude each other, an argument of the wrong form. `blueprint VERB --help` shows what is possible.
""",
)

FILE_EXISTS = define(
    "BP0003",
    "file-exists",
    """
The file that was to be written exists. The tool overwrites only files that it has written: give another name, or
move the file away first.
""",
)

FILE_UNWRITABLE = define(
    "BP0004",
    "file-unwritable",
    """
The file could not be written: the folder is missing or may not be written to, or the disk is full. What was there before
is untouched.
""",
)

CONFIGURATION_INVALID = define(
    "BP0061",
    "configuration-invalid",
    """
The project's configuration cannot be used: it is not TOML, has a key that does not exist, or names a rule that does not
exist. It is `.blueprint.toml`, or the table `[tool.blueprint]` of a `pyproject.toml`; the nearest file upwards from the
target counts, no further than the repository. Keys: `waivers`, and `[rules]` with `profile`, `select`, `ignore`,
`[rules.severity]`, `[rules.options.CODE]` and `[rules.paths]`. `blueprint explain rules` lists the rules.
""",
)

FIXED = define(
    "BP0067",
    "fixed",
    """
`--fix` changed a file as the finding suggested that is named here. The suggestion is the likeliest meaning, not a certain
one: look at the change before you commit it. `git diff` shows it, and `git restore FILE` takes it back.
""",
    severity=Severity.NOTE,
)

NOT_FORMATTED = define(
    "BP0068",
    "not-formatted",
    """
The file is not laid out as `blueprint fmt` lays it out: the order of keys, quotes, white space. It means the same either way.
`blueprint fmt FILE` writes it so; `blueprint fmt --diff FILE` shows what would change.
""",
)
