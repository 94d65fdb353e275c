"""Diagnostic codes of waivers (BP005x, which belong to the tool, not to a phase)."""

from blueprint.diagnostics import Severity, define

FILE_UNUSABLE = define(
    "BP0050",
    "waivers-file-unusable",
    """
The file is not a waivers file: it has another `apiVersion` or `kind`, its `waivers` are not a list, or the file that
`--waivers` names cannot be read. None of its waivers is active. `blueprint explain waivers` shows the form.
""",
)

MALFORMED = define(
    "BP0051",
    "waiver-malformed",
    """
A waiver lacks a key, has one that waivers do not have, or a value that is not text. `code`, `reason`, `owner` and
`expires` are mandatory; `subject` and `path` select the findings. The waiver is not active.
""",
)

BAD_DATE = define(
    "BP0052",
    "waiver-date",
    """
`expires` is not a date in the form YYYY-MM-DD. It is the last day on which the waiver is active, in UTC.
For an exception without an end date, disable the rule in the configuration instead.
""",
)

UNKNOWN_CODE = define(
    "BP0053",
    "waiver-code-unknown",
    """
The waiver names a code that does not exist. Use the id (`BP6101`) or the slug of the finding, as reports show them;
`blueprint explain` lists all codes.
""",
)

NEVER_WAIVED = define(
    "BP0054",
    "waiver-refused",
    """
Findings with this code cannot be waived. They mean that there is no result to accept: a document that cannot be read,
an unknown name, a bundle that was edited, a cluster or a node that could not be examined, a failure of the tool itself.
Unknown never counts as clean.
""",
)

EXPIRED = define(
    "BP0055",
    "waiver-expired",
    """
The waiver has expired. The finding that it was written for still exists and counts again. Resolve the finding, or agree
on a new date with the owner.
""",
    severity=Severity.WARNING,
)

UNUSED = define(
    "BP0056",
    "waiver-unused",
    """
No finding matches the waiver, although the step that reports its code ran completely. Remove the waiver, or
correct its `subject` or `path`: an unused waiver would hide the next finding that it matches. Only the steps of
the command that ran are judged: `validate` does not judge a waiver of drift findings.
""",
    severity=Severity.NOTE,
)

TOO_BROAD = define(
    "BP0057",
    "waiver-too-broad",
    """
The waiver has neither `subject` nor `path`, or patterns that match everything: it waives every finding with its code,
including those that were never reviewed. Name the objects, pools or nodes, or the field. To disable a rule, use the
configuration.
""",
    severity=Severity.WARNING,
)

FAR_AHEAD = define(
    "BP0058",
    "waiver-far-ahead",
    """
The waiver is active for more than a year. Choose an earlier date, so that the waiver is reviewed while its reason is still known.
""",
    severity=Severity.WARNING,
)

COMMENT_MALFORMED = define(
    "BP0059",
    "waiver-comment-malformed",
    """
A comment looks like a waiver but is malformed. The form is

    # blueprint: waive BP6101 until 2027-03-31 -- reason (owner)

on the line of the finding or on a line of its own above it. Several codes are separated by commas. The comment waives
nothing.
""",
)
