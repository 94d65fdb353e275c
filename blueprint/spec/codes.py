"""Diagnostic codes for the form of a blueprint (BP20xx)."""

from blueprint.diagnostics import Severity, define

UNKNOWN_KEY = define(
    "BP2001",
    "unknown-key",
    """
The blueprint has no such key at this place. Usually it is misspelt, at the wrong depth, or from a newer version of the
language. Unknown keys are errors and are never ignored.
""",
)
MISSING_KEY = define(
    "BP2002",
    "missing-key",
    """
A key without a default is missing. The location is the mapping that should contain it.
""",
)
NOT_YET = define(
    "BP2003",
    "not-in-this-version",
    """
This section or value belongs to the language, but this version of the tool does not implement it yet. It is rejected,
because ignoring it would produce a different platform.
""",
)
WRONG_TYPE = define(
    "BP2004",
    "wrong-type",
    """
The value has a different type than the field: a number where text is expected (quote versions: "1.36"), text where a
number or true/false is expected, a list where a mapping is. Values are never converted silently.
""",
)
NOT_ALLOWED = define(
    "BP2005",
    "value-not-allowed",
    """
The field accepts a fixed set of values, and this is not one of them.
""",
)
MALFORMED = define(
    "BP2006",
    "malformed-value",
    """
The text does not have the required form: a name that Kubernetes would reject, a label key or value with
characters that labels cannot have, a taint that is not "value:Effect", an invalid version.
""",
)
OUT_OF_RANGE = define(
    "BP2007",
    "out-of-range",
    """
The number is smaller or larger than the field allows, or a list or map has too few entries.
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
Two values contradict each other: each is valid, but not together.
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
no equivalent, or it cannot be rewritten safely (it uses anchors or aliases, or a comment would be lost). Nothing
was written. Correct the listed places, and convert again.
""",
)
EARLIER_VERSION = define(
    "BP2012",
    "earlier-version",
    """
The document is of an earlier version of the language. It is read as before: keys and defaults have the meaning of that
version. `blueprint convert FILE -o FILE` converts the file to the current version; the changes are listed in
`docs/how-to/upgrade-the-language.md`.
""",
    severity=Severity.NOTE,
)

CANNOT_FORMAT = define(
    "BP2090",
    "cannot-format",
    """
`fmt` could not format the file without changing its meaning or losing comments, so the file is unchanged. Anchors and
aliases are the most likely reason: their order matters. Write the values out, or leave the file as it is.
""",
)
