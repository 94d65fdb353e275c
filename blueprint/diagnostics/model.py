"""One value type for everything the tool finds: load errors, schema errors, drift, probe verdicts.

Standard library only. Looks (carets, colours, SARIF) come later, in `report/`.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from blueprint.diagnostics.pages import Page, read_page


class Severity(enum.StrEnum):
    """How bad a finding is. Configuration, never part of a code."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


class Danger(enum.StrEnum):
    """What a difference in a cluster may let somebody do, the worst first; reports list findings in this order."""

    PRIVILEGE = "privilege"
    HOST_ACCESS = "host access"
    ISOLATION = "isolation"
    PERMISSIONS = "permissions"
    WORKLOAD_GONE = "workload gone"


_DANGERS = tuple(Danger)


class Span(NamedTuple):
    """A stretch of text in a file. Lines and columns count from 1 in code points; the end is exclusive.

    `file` is the path as it is shown to people: relative to the working directory where possible, or
    `<--set>` and the like for values that came from the command line. A tuple, because ten thousand objects have half a
    million spans.
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
        """The stretch itself if it stands on one line, otherwise its first character: what can be underlined."""
        return self if self.end_line == self.line else self._replace(end_line=self.line, end_column=self.column + 1)


@dataclass(frozen=True, slots=True)
class Code:
    """A permanent identity of one kind of finding: `BP` and four digits, with a slug.

    `text` explains it in Markdown (what it means, why it matters, what to do), or else the page of which `page_file`
    is the path. `conceals`: what stands where it points is never shown.
    """

    id: str
    slug: str
    severity: Severity
    text: str = ""
    conceals: bool = False
    page_file: str | None = None

    @property
    def page(self) -> Page | None:
        """Its page, where it has one. Read when it is first needed."""
        return read_page(self.page_file) if self.page_file else None

    @property
    def about(self) -> str:
        """The explanation that `blueprint explain` and the generated reference print."""
        return self.page.text if self.page else self.text


@dataclass(frozen=True, slots=True)
class Note:
    """A second place that matters, or a remark without a place."""

    message: str
    at: Span | None = None


@dataclass(frozen=True, slots=True)
class Fix:
    """A text edit that would resolve the diagnostic: put `replacement` where `at` is."""

    at: Span
    replacement: str


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One thing the tool found.

    Attributes:
        code: What kind of finding it is.
        message: One line that stands alone; it names the object and the bad value.
        at: The primary place; None where there is none (a missing file, an API answer).
        label: A few words under the carets.
        notes: Further places: the overlay that set the value, the rendered line, the live field.
        help: What is allowed, or what to do, in one sentence.
        commands: The commands in `help`, exactly as they are typed; each does what the help says of it.
        fix: A text edit, if one is certain or near enough to suggest.
        subject: The Kubernetes object or node concerned, `Kind/[namespace/]name` or `Node/name`.
        path: The field inside the subject or the blueprint, dotted.
        evidence: What was seen, as ordered (name, text) pairs: declared, live, writer, since, reading, ...
        at_length: Names in `evidence` that text tells only at length (`-v`); other formats tell them all.
        override: A severity other than the code's own.
        redacted: Stretches of source text that hold secret values: no report shows what stands there.
        danger: What the difference may let somebody do; None for what is no danger of its own.
        sides: The declared and the live value as lines of text, where they are maps or lists: for formats with room to
            set them side by side.
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
        """How bad it is: the code's severity unless overridden."""
        return self.override or self.code.severity

    @property
    def sort_key(self) -> tuple[int, int, str, int, int, str, str]:
        """Errors first, then by danger, by place, by text: the order in which reports list them."""
        rank = (Severity.ERROR, Severity.WARNING, Severity.NOTE).index(self.severity)
        danger = _DANGERS.index(self.danger) if self.danger else len(_DANGERS)
        at = self.at or Span("", 0, 0, 0, 0)
        return (rank, danger, at.file, at.line, at.column, self.code.id, self.message)


def has_errors(diagnostics: Iterable[Diagnostic]) -> bool:
    """Whether any of them is an error."""
    return any(d.severity is Severity.ERROR for d in diagnostics)


def in_order(diagnostics: Iterable[Diagnostic]) -> Iterator[Diagnostic]:
    """In report order, each once: a value used in several places may be complained about repeatedly."""
    yield from dict.fromkeys(sorted(diagnostics, key=lambda d: d.sort_key))


class Refused(Exception):  # noqa: N818 - it is an outcome, not a bug
    """A phase could not produce its result; carries every diagnostic that says why.

    Raised only where there is no partial result worth returning. `cli/` turns it into a report and an
    exit code; nothing else catches it.
    """

    def __init__(self, *diagnostics: Diagnostic, exit_code: int = 1) -> None:
        super().__init__("; ".join(d.message for d in diagnostics))
        self.diagnostics = diagnostics
        self.exit_code = exit_code
