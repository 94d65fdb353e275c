"""A fact: a value, where it was learnt, and how sure we are; and the vocabulary of the catalogue's types."""

from typing import Annotated, Any, Generic, Literal, TypeVar

from blueprint.diagnostics import Span
from blueprint.records import Record
from blueprint.source.document import Document

T = TypeVar("T")


class Matching(Record):
    """The whole string must match `pattern`; `form` says so in words."""

    pattern: str
    form: str


class AtLeast(Record):
    """The integer must not be smaller."""

    least: int


Text = Annotated[str, Matching(r"(?s).*\S.*", "text")]
"""A string with something in it."""

Digest = Annotated[str, Matching("sha256:[0-9a-f]{64}", "sha256: and 64 hexadecimal digits")]
"""An image's content digest."""

Confidence = Literal["read", "observed", "derived", "unverified"]
"""`read` in the vendor's source or documentation, `observed` on running machines, `derived` from another fact by
a rule, `unverified` general knowledge: good for a warning, never for an error."""


_GIVEN = "given"

Given = Annotated[T, _GIVEN]
"""A field of a record that does not stand in the file: the reader fills it."""


class Fact(Record, Generic[T]):
    """One value with its evidence.

    `span` is the place of the value in the catalogue, `path` its dotted path there, so that a rendered field
    or a failed probe can name the line that demanded it.
    """

    value: T
    source: Text
    confidence: Confidence
    span: Given[Span]
    path: Given[str]

    @property
    def certain(self) -> bool:
        """Whether an error may rest on it: anything but *unverified*."""
        return self.confidence != "unverified"


def is_given(hint: Any) -> bool:
    """Whether a field with this annotation does not stand in the file."""
    return _GIVEN in getattr(hint, "__metadata__", ())


class CatalogueFile(Record, kw_only=True, eq=False):
    """The content of one catalogue file; it remembers where each of its values stands.

    Keys in the file are the fields' names in camelCase. Two are equal if they are the same: each file is read once.
    """

    document: Given[Document]

    def span(self, *path: str | int) -> Span:
        """The place of the value at `path`, in the file's own keys: `span("images", "driver", "tag")`.

        A path that the file does not spell out (a default) answers with the nearest value above it.
        """
        return self.document.span(path)
