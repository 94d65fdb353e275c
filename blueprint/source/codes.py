"""Diagnostic codes for reading documents (BP1xxx)."""

from blueprint.diagnostics import define

FILE_UNREADABLE = define(
    "BP1001",
    "file-unreadable",
    """
The file cannot be opened: it is missing, is a folder, or may not be read. If it is the file on the command line,
nothing was examined and the exit code is 2. A file in `extends` is relative to the file that lists it.
""",
)
SYNTAX = define(
    "BP1002",
    "yaml-syntax",
    """
The text is not YAML: a bracket or quote that is never closed, a key without a colon, indentation that does not line up.
The location is where the parser stopped; the cause is there or on the line before. The rest of the file was not read,
so further mistakes may appear after the fix.
""",
)
DUPLICATE_KEY = define(
    "BP1003",
    "duplicate-key",
    """
A mapping has the same key twice. YAML parsers disagree about which of the two to use, and most silently drop one. Keep
one.
""",
)
TAB = define(
    "BP1004",
    "tab-indentation",
    """
A line is indented with a tab. YAML allows only spaces for indentation. Replace the tab with spaces.
""",
)
EXPANSION = define(
    "BP1005",
    "excessive-aliasing",
    """
Aliases make the document grow far beyond its written size: with ten anchors that each repeat the one before ten times,
ten lines expand to ten billion values. The limit applies to the expanded document. An alias inside its own anchor would
never end, and an alias without an anchor refers to nothing: both are rejected as well. Write the values out, or use an
overlay.
""",
)
ENCODING = define(
    "BP1006",
    "not-utf-8",
    """
The file is not UTF-8 text, or contains control characters that YAML forbids. Save it as UTF-8. The location is the
first byte or character that cannot be read.
""",
)
AMBIGUOUS_SCALAR = define(
    "BP1007",
    "ambiguous-scalar",
    """
This unquoted value means different things to different parsers: YAML 1.1, YAML 1.2 and kubectl disagree on words
such as `yes`, `on` and `y`, on numbers such as `0755`, `1e3` and `0x10`, on `12:30` and on dates. Quote it if text
is meant; write `true`, `false` or a plain decimal number otherwise.
""",
)
SEVERAL_DOCUMENTS = define(
    "BP1008",
    "several-documents",
    """
A blueprint or overlay is one YAML document, but this file contains more than one (separated by `---`). Most tools would
ignore everything after the first. Put each document into a separate file and list it in `extends`.
""",
)
NOT_A_MAPPING = define(
    "BP1009",
    "not-a-mapping",
    """
The document is empty, a list or a single value, where a mapping with `apiVersion`, `kind`, `metadata` and `spec`
is expected.
""",
)
KEY_NOT_TEXT = define(
    "BP1010",
    "key-not-text",
    """
A key is a number, a boolean, empty, or a list or mapping. Keys are text here as in JSON; quote it if it
is meant as text.
""",
)
TAG = define(
    "BP1011",
    "unsupported-tag",
    """
A value has a tag such as `!!int` or `!include`. Blueprints are plain data: the notation of a value determines its type,
and tags are not supported. Remove it; use `extends` to include another file.
""",
)
MERGE_KEY = define(
    "BP1012",
    "merge-key",
    """
`<<` merges mappings in YAML 1.1 and is an ordinary key in YAML 1.2, so two parsers read two different documents. Write
the keys out, or put the shared part into an overlay and list it in `extends`.
""",
)
TOO_DEEP = define(
    "BP1013",
    "nested-too-deep",
    """
The document nests deeper than any blueprint needs (100 levels). It is rejected before it can exhaust memory.
""",
)
TOO_LARGE = define(
    "BP1014",
    "file-too-large",
    """
The file is larger than 32 MiB, the limit for blueprints, overlays and manifests. It was not read.
""",
)
OUTSIDE = define(
    "BP1015",
    "outside-the-repository",
    """
A file named by a blueprint lies outside of the repository that the blueprint is in (or, without a repository, more
than one folder above the blueprint), or its path is absolute. A blueprint from a pull request must not be able to
read the files of the machine that checks it. Symbolic links are resolved first.
""",
)
REVISION = define(
    "BP1016",
    "revision-unreadable",
    """
`REVISION:PATH` could not be read from git: git is not installed, this is not a repository, the repository belongs to
another user, or there is no such revision or file in it.
""",
)
EXTENDS = define(
    "BP1017",
    "extends-malformed",
    """
`extends` is a list of overlays, lowest first: names of ready-made ones (`eks`) and paths of files (`../base.yaml`),
relative to the file that names them. An entry may itself be a list: its members then have the same rank, and must not
contradict each other.
""",
)
EXTENDS_CYCLE = define(
    "BP1018",
    "extends-cycle",
    """
An overlay extends itself, directly or through others. The notes show the cycle.
""",
)
UNKNOWN_OVERLAY = define(
    "BP1019",
    "unknown-overlay",
    """
`extends` names a ready-made overlay that does not exist. The path of a file ends in `.yaml` or contains a slash;
other entries are names of the overlays that ship with the tool.
""",
)
SET_MALFORMED = define(
    "BP1020",
    "set-malformed",
    """
`--set` takes PATH=VALUE: a dotted path from the top of the document, with keys that contain dots or slashes in brackets
and quotes, and a YAML value: `--set spec.nodePools.train.gpu.count=4`, `--set
'spec.nodePools.train.selector["acme.example/pool"]=train'`. A list item is named by its index and must exist.
""",
)
NOT_READ = define(
    "BP1021",
    "rest-not-read",
    """
More than 20,000 documents of the file are not YAML or are templates, or it holds more than 2 million values or 100,000
objects, so the rest of it was not read. Check what wrote the file: lint only the manifests, or split them into several
files.
""",
)
DISAGREEMENT = define(
    "BP2101",
    "overlays-disagree",
    """
Two overlays of the same rank set one value differently, so it is ambiguous. Give them different
positions in `extends` (the later one wins), or set the value in the blueprint.
""",
)
EMPTY_VALUE = define(
    "BP2102",
    "empty-value",
    """
A key has no value. `null` (or nothing) removes what a lower layer has set, and no lower layer sets this key. Write `{}`
to take all defaults, or remove the line. An overlay may set `null` for a key that not every blueprint that extends it
sets.
""",
)
