"""The value type for all findings of the tool: load errors, schema errors, drift, probe verdicts.

Imports only the standard library. Presentation (carets, colours, SARIF) is in `report/`.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from blueprint.diagnostics.pages import Page, read_page


class Severity(enum.StrEnum):
    """The severity of a finding. It is configurable and never part of a code."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


class Danger(enum.StrEnum):
    """The security risk of a difference in a cluster, the worst first; reports list findings in this order."""

    PRIVILEGE = "privilege"
    HOST_ACCESS = "host access"
    ISOLATION = "isolation"
    PERMISSIONS = "permissions"
    WORKLOAD_GONE = "workload gone"


_DANGERS = tuple(Danger)


class Span(NamedTuple):
    """A range of text in a file. Lines and columns count from 1 in code points; the end is exclusive.

    `file` is the path as shown to users: relative to the working directory if possible, or `<--set>` and similar for
    values from the command line. It is a tuple, because ten thousand objects have half a million spans.
    """

    file: str
    line: int
    column: int
    end_line: int
    end_column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"

    @property
    def head(self) -> Span:
        """The span itself if it is on one line, otherwise its first character: what can be underlined."""
        return self if self.end_line == self.line else self._replace(end_line=self.line, end_column=self.column + 1)


class Code(NamedTuple):
    """The permanent identity of one kind of finding: `BP` and four digits, with a slug.

    `text` explains it in Markdown (what it means, why it matters, what to do); otherwise `page_file` is the path of its
    page. `conceals`: the text that it points at is never shown.
    """

    id: str
    slug: str
    severity: Severity
    text: str = ""
    conceals: bool = False
    page_file: str | None = None

    @property
    def page(self) -> Page | None:
        """Its page, if it has one. Read on first use."""
        return read_page(self.page_file) if self.page_file else None

    @property
    def about(self) -> str:
        """The explanation in `blueprint explain` and the generated reference."""
        return self.page.text if self.page else self.text


class Note(NamedTuple):
    """A further location, or a remark without a location."""

    message: str
    at: Span | None = None


class Fix(NamedTuple):
    """A text edit that would resolve the diagnostic: write `replacement` in place of `at`."""

    at: Span
    replacement: str


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One finding.

    Attributes:
        code: The kind of finding.
        message: One self-contained line with the object and the wrong value.
        at: The primary location; None if there is none (a missing file, an API response).
        label: A few words below the carets.
        notes: Further locations: the overlay that set the value, the rendered line, the live field.
        help: What is allowed, or what to do, in one sentence.
        commands: The commands in `help`, exactly as they are typed; each does what the help describes.
        fix: A text edit that is certain, or likely enough to suggest.
        subject: The Kubernetes object or node concerned, `Kind/[namespace/]name` or `Node/name`.
        path: The field inside the subject or the blueprint, dotted.
        evidence: What was observed, as ordered (name, text) pairs: declared, live, writer, since, reading, ...
        at_length: Names in `evidence` that the text format shows only with `-v`; other formats always show them.
        override: A severity other than the code's own.
        redacted: Ranges of source text with secret values, which no report shows.
        danger: The security risk of the difference; None if it has none.
        sides: The declared and the live value as lines of text, if they are maps or lists: for formats that can show
            them side by side.
    """

    code: Code
    message: str
    at: Span | None = None
    label: str = ""
    notes: tuple[Note, ...] = ()
    help: str | None = None
    fix: Fix | None = None
    subject: str | None = None
    path: str | None = None
    evidence: tuple[tuple[str, str], ...] = ()
    at_length: frozenset[str] = frozenset()
    override: Severity | None = None
    commands: tuple[str, ...] = ()
    redacted: tuple[Span, ...] = field(default=(), compare=False)
    danger: Danger | None = None
    sides: tuple[str, str] | None = None

    @property
    def severity(self) -> Severity:
        """The code's severity, unless overridden."""
        return self.override or self.code.severity

    @property
    def sort_key(self) -> tuple[int, int, str, int, int, str, str]:
        """The sort key of reports: errors first, then by danger, location and text."""
        rank = (Severity.ERROR, Severity.WARNING, Severity.NOTE).index(self.severity)
        danger = _DANGERS.index(self.danger) if self.danger else len(_DANGERS)
        at = self.at or Span("", 0, 0, 0, 0)
        return (rank, danger, at.file, at.line, at.column, self.code.id, self.message)


def has_errors(diagnostics: Iterable[Diagnostic]) -> bool:
    """Whether any of them is an error."""
    return any(d.severity is Severity.ERROR for d in diagnostics)


def in_order(diagnostics: Iterable[Diagnostic]) -> Iterator[Diagnostic]:
    """In report order, without duplicates: a value used in several places may be reported repeatedly."""
    yield from dict.fromkeys(sorted(diagnostics, key=lambda d: d.sort_key))


class Refused(Exception):  # noqa: N818 - it is an outcome, not a bug
    """A phase could not produce its result; contains the diagnostics that explain why.

    Raised only if there is no useful partial result. `cli/` converts it to a report and an exit code; nothing else
    catches it.
    """

    def __init__(self, *diagnostics: Diagnostic, exit_code: int = 1) -> None:
        super().__init__("; ".join(d.message for d in diagnostics))
        self.diagnostics = diagnostics
        self.exit_code = exit_code
