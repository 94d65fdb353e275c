"""A fact: a value, where it was learnt, and how sure we are."""

from __future__ import annotations

from typing import Annotated, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, SkipValidation, Strict
from pydantic.alias_generators import to_camel

from blueprint.diagnostics import Span
from blueprint.source import Document

T = TypeVar("T")

Text = Annotated[str, Field(min_length=1)]
"""A string with something in it."""

Many = Annotated[tuple[T, ...], Strict(False)]  # noqa: FBT003 - pydantic's own spelling
"""A YAML list, read into a tuple."""

Digest = Annotated[str, Field(pattern="^sha256:[0-9a-f]{64}$")]
"""An image's content digest."""

Confidence = Literal["read", "observed", "derived", "unverified"]
"""`read` in the vendor's source or documentation, `observed` on running machines, `derived` from another fact by
a rule, `unverified` general knowledge: good for a warning, never for an error."""


class Frozen(BaseModel):
    """What all catalogue values have in common: frozen, camelCase in files, unknown keys refused."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        strict=True,
        alias_generator=to_camel,
        arbitrary_types_allowed=True,
        defer_build=True,
    )


class Fact(Frozen, Generic[T]):
    """One value with its evidence.

    `span` is the place of the value in the catalogue, `path` its dotted path there, so that a rendered field
    or a failed probe can name the line that demanded it.
    """

    value: T
    source: Text
    confidence: Confidence
    span: Span
    path: str

    @property
    def certain(self) -> bool:
        """Whether an error may rest on it: anything but *unverified*."""
        return self.confidence != "unverified"


class Record(Frozen):
    """The content of one catalogue file; it remembers where each of its values stands."""

    document: SkipValidation[Document] = Field(repr=False)

    def span(self, *path: str | int) -> Span:
        """The place of the value at `path`, in the file's own keys: `span("images", "driver", "tag")`.

        A path that the file does not spell out (a default) answers with the nearest value above it.
        """
        return self.document.span(path)
