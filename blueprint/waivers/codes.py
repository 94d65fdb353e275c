"""Codes of waivers (BP005x: they belong to the tool, not to a step)."""

from blueprint.diagnostics import Severity, define

FILE_UNUSABLE = define(
    "BP0050",
    "waivers-file-unusable",
    """
The file with waivers is not one: it has another `apiVersion` or `kind`, its `waivers` are not a list, or the file that
`--waivers` names cannot be read. No waiver of it is in force. `blueprint explain waivers` shows the form.
""",
)

MALFORMED = define(
    "BP0051",
    "waiver-malformed",
    """
A waiver lacks a key, has one that waivers do not have, or a value that is not text. `code`, `reason`, `owner` and
`expires` are mandatory; `subject` and `path` say which findings are meant. The waiver is not in force.
""",
)

BAD_DATE = define(
    "BP0052",
    "waiver-date",
    """
`expires` is no day of the calendar in the form YYYY-MM-DD. It is the last day on which the waiver is in force, in UTC.
A waiver without an end would be a change of the rules: switch the rule off in the configuration instead.
""",
)

UNKNOWN_CODE = define(
    "BP0053",
    "waiver-code-unknown",
    """
The waiver names a code that does not exist. Use the id (`BP6101`) or the slug of the finding, as every report prints
them; `blueprint explain` lists all codes.
""",
)

NEVER_WAIVED = define(
    "BP0054",
    "waiver-refused",
    """
Findings with this code cannot be waived. Without what they miss there is no result that somebody could accept: a
document that cannot be read, a name that stands for nothing, a bundle that was edited, a cluster or a node that could
not be examined, a failure of the tool itself. What is unknown stays unknown, and never passes for clean.
""",
)

EXPIRED = define(
    "BP0055",
    "waiver-expired",
    """
The waiver was in force until the day that it names. The finding that it was written for is still there and counts
again. Resolve the finding, or agree on a new date with the owner.
""",
    severity=Severity.WARNING,
)

UNUSED = define(
    "BP0056",
    "waiver-unused",
    """
No finding matches the waiver, though the step that gives findings with its code ran to its end. Remove the waiver, or
correct its `subject` or `path`: a waiver that waits for a finding hides the next one of that name. Only the steps of
the command that ran are judged: `validate` says nothing of a waiver for drift.
""",
    severity=Severity.NOTE,
)

TOO_BROAD = define(
    "BP0057",
    "waiver-too-broad",
    """
The waiver has neither `subject` nor `path`, or patterns that match everything: it waives every finding with its code,
also those that nobody has looked at. Name the objects, pools or nodes, or the field. To switch a rule off, use the
configuration.
""",
    severity=Severity.WARNING,
)

FAR_AHEAD = define(
    "BP0058",
    "waiver-far-ahead",
    """
The waiver is in force for more than a year. Nobody looks at it before; choose a day at which somebody still knows why it
was written.
""",
    severity=Severity.WARNING,
)

COMMENT_MALFORMED = define(
    "BP0059",
    "waiver-comment-malformed",
    """
A comment begins like a waiver and is none. The form is

    # blueprint: waive BP6101 until 2027-03-31 -- reason (owner)

on the line of the finding or on a line of its own above it. Several codes are separated by commas. The comment waives
nothing.
""",
)
