"""Codes of the blueprint's form (BP20xx)."""

from blueprint.diagnostics import Severity, define

UNKNOWN_KEY = define(
    "BP2001",
    "unknown-key",
    """
The blueprint has no such key at this place. It is usually a misspelling, a key at the wrong depth, or one of a newer
version of the language. Nothing is ever ignored: a key that is not understood is an error.
""",
)
MISSING_KEY = define(
    "BP2002",
    "missing-key",
    """
A key that has no default is missing. The place shown is the mapping that should hold it.
""",
)
NOT_YET = define(
    "BP2003",
    "not-in-this-version",
    """
This section or value belongs to the language, but this version of the tool does not implement it yet. It is refused, since
ignoring it would give you a platform without it.
""",
)
WRONG_TYPE = define(
    "BP2004",
    "wrong-type",
    """
The value has another type than the field: a number where text is expected (quote versions: "1.36"), text where a number
or true/false is expected, a list where a mapping is. Values are never converted silently.
""",
)
NOT_ALLOWED = define(
    "BP2005",
    "value-not-allowed",
    """
The field takes one of a fixed set of values, and this is none of them.
""",
)
MALFORMED = define(
    "BP2006",
    "malformed-value",
    """
The text does not have the form that the field demands: a name that Kubernetes would refuse, a label key or value with
characters that labels cannot have, a taint that is not "value:Effect", an invalid version.
""",
)
OUT_OF_RANGE = define(
    "BP2007",
    "out-of-range",
    """
The number is smaller or larger than the field allows, or a list or map holds too few entries.
""",
)
WRONG_DOCUMENT = define(
    "BP2008",
    "wrong-document",
    """
`apiVersion` and `kind` identify a document. The file given to the tool is a `Blueprint`; everything that it extends is an
`Overlay`; both have `apiVersion: gpublueprint.dev/v1alpha2`.
""",
)
INCONSISTENT = define(
    "BP2009",
    "inconsistent-values",
    """
Two values contradict each other: each is fine alone, together they make no sense.
""",
)
UNKNOWN_VERSION = define(
    "BP2010",
    "unknown-version",
    """
There is no such version of the language, or no conversion from the document's version to it: documents are converted to newer versions only. A
version newer than the tool needs a newer tool.
""",
)
CANNOT_CONVERT = define(
    "BP2011",
    "cannot-convert",
    """
A document of an earlier version cannot be converted as it is: it sets a key under its old and its new name, a value has
no equivalent, or it is written in a way that cannot be changed without risk to what surrounds it (anchors and aliases, text
that would lose a comment). Nothing was written. Change what is named, and convert again.
""",
)
EARLIER_VERSION = define(
    "BP2012",
    "earlier-version",
    """
The document is of an earlier version of the language. It is read as before: every key means what it meant in that version,
and so do the defaults of a blueprint. `blueprint convert FILE -o FILE` brings the file to the current version; what it
changes is on the page `docs/how-to/upgrade-the-language.md`.
""",
    severity=Severity.NOTE,
)

CANNOT_FORMAT = define(
    "BP2090",
    "cannot-format",
    """
`fmt` could not lay the file out so that it says the same with the same comments, and left it alone. Anchors and aliases are
the likeliest reason: their order matters. Write the values out, or leave the file as it is.
""",
)
