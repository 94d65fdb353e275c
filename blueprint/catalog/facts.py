"""A fact: a value with its source and confidence. Also defines the value types of the catalogue."""

from typing import Annotated, Any, Generic, Literal, TypeVar

from blueprint.diagnostics import Span
from blueprint.records import Record
from blueprint.source.document import Document

T = TypeVar("T")


class Matching(Record):
    """The whole string must match `pattern`; `form` describes it in words."""

    pattern: str
    form: str


class AtLeast(Record):
    """The minimum of an integer."""

    least: int


Text = Annotated[str, Matching(r"(?s).*\S.*", "text")]
"""A non-empty string."""

Digest = Annotated[str, Matching("sha256:[0-9a-f]{64}", "sha256: and 64 hexadecimal digits")]
"""An image's content digest."""

Confidence = Literal["read", "observed", "derived", "unverified"]
"""`read` in the vendor's source or documentation, `observed` on running machines, `derived` from another fact by a
rule, `unverified` general knowledge, which may cause a warning but never an error.
"""


_GIVEN = "given"

Given = Annotated[T, _GIVEN]
"""A field of a record that is not in the file, but is set by the reader."""


class Fact(Record, Generic[T]):
    """One value with its evidence.

    `span` is the location of the value in the catalogue, and `path` its dotted path there, so that a rendered field or
    a failed probe can refer to it.
    """

    value: T
    source: Text
    confidence: Confidence
    span: Given[Span]
    path: Given[str]

    @property
    def certain(self) -> bool:
        """Whether an error may be based on it: any confidence except *unverified*."""
        return self.confidence != "unverified"


def is_given(hint: Any) -> bool:
    """Whether a field with this annotation is not in the file."""
    return _GIVEN in getattr(hint, "__metadata__", ())


class CatalogueFile(Record, kw_only=True, eq=False):
    """The content of one catalogue file, with the location of each value.

    Keys in the file are the field names in camelCase. Each file is read once, so equality is identity.
    """

    document: Given[Document]

    def span(self, *path: str | int) -> Span:
        """The span of the value at `path`, using the file's own keys: `span("images", "driver", "tag")`.

        For a path that is not in the file (a default), the span of its nearest ancestor is returned.
        """
        return self.document.span(path)
