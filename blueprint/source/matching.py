"""Files that a document refers to by patterns."""

from __future__ import annotations

from blueprint.diagnostics import Code, Diagnostic, Refused
from blueprint.source.codes import OUTSIDE
from blueprint.source.files import check_border, read_text
from blueprint.source.layers import Layered
from blueprint.source.merge import Node
from blueprint.source.paths import Path


def patterns_at(layered: Layered, path: Path) -> tuple[Node, ...]:
    """The patterns of a list in the merged document, each with its location."""
    found = layered.root.get(path)
    return tuple(found.value) if found and isinstance(found.value, list) else ()


def matching_files(layered: Layered, pattern: Node, nothing: Code) -> list[str]:
    """All files that a pattern matches, in order; the pattern is relative to the document that contains it.

    Raises Refused if the pattern leads outside of the repository, or (`nothing`) if no file matches.
    """
    base = pattern.layer.name if pattern.layer.kind != "set" else layered.target
    start = layered.files.beside(base, str(pattern.value).split("*")[0])
    check_border(layered.files, layered.target, start, str(pattern.value), pattern.span)
    if ".." in str(pattern.value).partition("*")[2].split("/"):
        message = f"{pattern.value} contains .. after a wildcard"
        raise Refused(Diagnostic(OUTSIDE, message, at=pattern.span, help="use .. only at the beginning"))
    folder = layered.files.beside(base, ".")
    files = layered.files.glob(folder, str(pattern.value))
    if not files:
        message = f"{pattern.value} matches no file below {folder}"
        other = _other_ending(str(pattern.value))
        likely = other if other and layered.files.glob(folder, other) else None
        help_ = (
            f"did you mean {likely}?" if likely else "check the pattern, which is relative to the file that contains it"
        )
        raise Refused(Diagnostic(nothing, message, at=pattern.span, help=help_))
    for file in files:
        check_border(layered.files, layered.target, file, str(pattern.value), pattern.span)
    return files


def _other_ending(pattern: str) -> str | None:
    stem, dot, ending = pattern.rpartition(".")
    return f"{stem}{dot}{'yml' if ending == 'yaml' else 'yaml'}" if ending in ("yaml", "yml") else None


def read_input(layered: Layered, file: str, pattern: Node) -> str:
    """The text of a matching file, which becomes an input of the compilation. Raises Refused."""
    text = layered.texts[file] = read_text(layered.files, file, pattern.span)
    return text
