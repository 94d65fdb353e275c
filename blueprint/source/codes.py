"""Codes of reading documents (BP1xxx)."""

from blueprint.diagnostics import define

FILE_UNREADABLE = define(
    "BP1001",
    "file-unreadable",
    """
The file cannot be opened: it is missing, is a folder, or may not be read. Nothing was looked at, so the exit
code is 2 when it is the file on the command line. A file named by `extends` is looked for relative to the
file that names it.
""",
)
SYNTAX = define(
    "BP1002",
    "yaml-syntax",
    """
The text is not YAML: a bracket or quote that is never closed, a key without a colon, indentation that does not
line up. The place shown is where the parser gave up; the cause is there or on the line before. Only what
precedes it could be read, so further mistakes may appear once it is fixed.
""",
)
DUPLICATE_KEY = define(
    "BP1003",
    "duplicate-key",
    """
A mapping has the same key twice. YAML readers disagree about which of the two counts, and most drop one of them silently. Keep one.
""",
)
TAB = define(
    "BP1004",
    "tab-indentation",
    """
A line is indented with a tab. YAML allows only spaces for indentation, because readers do not agree on the width of a tab. Replace the tab by spaces.
""",
)
EXPANSION = define(
    "BP1005",
    "excessive-aliasing",
    """
Aliases make the document grow beyond what a person wrote: with ten anchors that each repeat the one before ten
times, ten lines expand to ten billion values. The limit is counted on the expanded document. An alias
inside its own anchor would never end, and an alias without an anchor refers to nothing: both are refused as well. Write the
values out, or use an overlay.
""",
)
ENCODING = define(
    "BP1006",
    "not-utf-8",
    """
The file is not UTF-8 text, or holds control characters that YAML forbids. Save it as UTF-8. The place shown is
the first byte or character that cannot be read.
""",
)
AMBIGUOUS_SCALAR = define(
    "BP1007",
    "ambiguous-scalar",
    """
This unquoted value means different things to different readers: YAML 1.1, YAML 1.2 and kubectl disagree on words
such as `yes`, `on` and `y`, on numbers such as `0755`, `1e3` and `0x10`, on `12:30` and on dates. Quote it if text
is meant; write `true`, `false` or a plain decimal number otherwise.
""",
)
SEVERAL_DOCUMENTS = define(
    "BP1008",
    "several-documents",
    """
A blueprint or overlay is one YAML document, and this file holds more than one (separated by `---`). Everything
after the first would be ignored by most readers. Put each document into a separate file and name it in `extends`.
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
A tag such as `!!int` or `!include` precedes a value. Blueprints are plain data: types follow from how a value
is written, and tags are not supported. Remove it; use `extends` to include another file.
""",
)
MERGE_KEY = define(
    "BP1012",
    "merge-key",
    """
`<<` merges mappings in YAML 1.1 and is an ordinary key in YAML 1.2, so two readers see two different documents.
Write the keys out, or put what is shared into an overlay and name it in `extends`.
""",
)
TOO_DEEP = define(
    "BP1013",
    "nested-too-deep",
    """
The document nests deeper than any blueprint needs (100 levels). This is refused before it can exhaust memory.
""",
)
TOO_LARGE = define(
    "BP1014",
    "file-too-large",
    """
The file is larger than 32 MiB, which no blueprint, overlay or manifest file is. It was not read.
""",
)
OUTSIDE = define(
    "BP1015",
    "outside-the-repository",
    """
A file named by a blueprint lies outside of the repository that the blueprint is in (or, without a repository, more
than one folder above the blueprint), or its path is absolute. A blueprint from a pull request must not be able to
read the files of the machine that checks it. Symbolic links are followed before this is decided.
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
`extends` is a list of overlays, lowest first: names of ready-made ones (`eks`) and paths of files
(`../base.yaml`), relative to the file that names them. An entry may itself be a list: its members then have one rank, and
must not disagree.
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
everything else is looked up among the overlays that come with the tool.
""",
)
SET_MALFORMED = define(
    "BP1020",
    "set-malformed",
    """
`--set` takes PATH=VALUE: a dotted path from the top of the document, with keys that hold dots or slashes in brackets and
quotes, and a YAML value: `--set spec.nodePools.train.gpu.count=4`,
`--set 'spec.nodePools.train.selector["acme.example/pool"]=train'`. A list item is named by its index and must exist.
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
A key has no value. `null` (or nothing) removes what a lower layer has set, and no lower layer sets this key. Write `{}` to
take all defaults, or remove the line. An overlay may say `null` of what not every blueprint that extends it sets.
""",
)
