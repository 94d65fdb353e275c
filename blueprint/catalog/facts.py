"""A fact: a value, where it was learnt, and how sure we are; and the vocabulary of the catalogue's types."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Generic, Literal, TypeVar

from blueprint.diagnostics import Span
from blueprint.source.document import Document

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Matching:
    """The whole string must match `pattern`; `form` says so in words."""

    pattern: str
    form: str


@dataclass(frozen=True, slots=True)
class AtLeast:
    """The integer must not be smaller."""

    least: int


Text = Annotated[str, Matching(r"(?s).*\S.*", "text")]
"""A string with something in it."""

Digest = Annotated[str, Matching("sha256:[0-9a-f]{64}", "sha256: and 64 hexadecimal digits")]
"""An image's content digest."""

Confidence = Literal["read", "observed", "derived", "unverified"]
"""`read` in the vendor's source or documentation, `observed` on running machines, `derived` from another fact by
a rule, `unverified` general knowledge: good for a warning, never for an error."""


@dataclass(frozen=True, slots=True)
class Fact(Generic[T]):
    """One value with its evidence.

    `span` is the place of the value in the catalogue, `path` its dotted path there, so that a rendered field
    or a failed probe can name the line that demanded it.
    """

    value: T
    source: Text
    confidence: Confidence
    span: Span = field(metadata={"given": True})
    path: str = field(metadata={"given": True})

    @property
    def certain(self) -> bool:
        """Whether an error may rest on it: anything but *unverified*."""
        return self.confidence != "unverified"


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """The content of one catalogue file; it remembers where each of its values stands.

    Keys in the file are the fields' names in camelCase. Fields marked `given` do not stand in it: the reader fills
    them.
    """

    document: Document = field(repr=False, compare=False, metadata={"given": True})

    def span(self, *path: str | int) -> Span:
        """The place of the value at `path`, in the file's own keys: `span("images", "driver", "tag")`.

        A path that the file does not spell out (a default) answers with the nearest value above it.
        """
        return self.document.span(path)
