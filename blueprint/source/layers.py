"""Collects a blueprint, everything it extends and the command line's additions, and merges them by rank."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path as FilePath
from typing import Any, Protocol, TypeVar

from blueprint.data import data_folder, shown
from blueprint.diagnostics import Diagnostic, Note, Refused, Span, nearest
from blueprint.records import MutableRecord, Record, field, replace
from blueprint.source import codes
from blueprint.source.document import Document
from blueprint.source.files import DiskFiles, Files, check_border, read_text
from blueprint.source.loader import load_text
from blueprint.source.merge import Disagreement, Layer, Node, merge, nodes_of, remove_nulls
from blueprint.source.paths import Path, format_path
from blueprint.source.setting import SET_FILE, nodes_of_sets

T = TypeVar("T")


class DocumentReader(Protocol):
    """The part that depends on the blueprint language: converts documents to the form in which layers are merged."""

    def document(self, root: Node) -> Node:
        """One document. Raises Refused."""

    def is_text(self, path: Path, /) -> bool:
        """Whether the field at a path is always a string: then YAML does not determine a value's type."""

    def setting(self, root: Node) -> Node:
        """One value from the command line. Raises Refused."""

    def merged(self, root: Node, /) -> None:
        """Modify all layers merged, in place, before null values are removed."""

    def completed(self, root: Node, /) -> None:
        """Modify the result afterwards."""

    def what_is_needed(self, path: Path, /) -> str | None:
        """The text to write at a path that requires a value and has none; None if it requires none."""

    def instead_of_cloud(self, document: Document, values: dict[str, str]) -> str | None:
        """The advice to use instead of a ready-made overlay that sets `values` of the cluster; None if the overlay is
        correct.
        """


class AsWritten:
    """Leaves documents unchanged."""

    def document(self, root: Node) -> Node:
        """The parsed document."""
        return root

    def is_text(self, _: Path, /) -> bool:
        """False: YAML determines the type."""
        return False

    def setting(self, root: Node) -> Node:
        """The value."""
        return root

    def merged(self, _: Node, /) -> None:
        """Do nothing."""

    def completed(self, _: Node, /) -> None:
        """Do nothing."""

    def what_is_needed(self, _: Path, /) -> str | None:
        """None: every value may be omitted."""
        return None

    def instead_of_cloud(self, *_: Any) -> str | None:
        """None: every overlay may be extended."""
        return None


class ExtendsEntry(Record):
    """One entry of an `extends`: the overlay `name`, in a document of kind `layer` at the dotted `path`."""

    name: str
    layer: str
    at: Span
    path: str


class Layered(Record):
    """The merged input of one compilation.

    Attributes:
        target: The blueprint's path as given.
        root: The merged document.
        documents: Each layer with its own, unmerged document; lowest rank first, the blueprint and `--set` last.
        files: The source of further files (extraManifests).
        texts: The text of every file that a span may refer to.
        diagnostics: Errors in the layers themselves.
        references: The `extends` entry that added each overlay.
        exit_code: 0; or, if an unreadable layer was omitted, the exit code of commands that need it.
    """

    target: str
    root: Node
    documents: tuple[tuple[Layer, Node], ...]
    files: Files
    texts: dict[str, str]
    diagnostics: tuple[Diagnostic, ...]
    references: tuple[ExtendsEntry, ...] = ()
    exit_code: int = 0

    @property
    def incomplete(self) -> bool:
        """Whether a layer was omitted: values that seem to be missing may have been in it."""
        return bool(self.exit_code)


def load_layers(
    target: str,
    overlays: Sequence[str] = (),
    sets: Sequence[str] = (),
    reader: DocumentReader | None = None,
    files: Files | None = None,
) -> Layered:
    """Read and merge all layers. A layer that cannot be read is omitted.

    Args:
        target: A path, or without `files` also `REV:PATH`.
        overlays: Further overlays, merged last.
        sets: `PATH=VALUE`, merged over everything.
        reader: The reader for the blueprint language; without one, documents stay unchanged.
        files: The source of files; by default the disk, or the commit in `target`.

    Raises:
        Refused: The blueprint itself cannot be read.
    """
    reader = reader or AsWritten()
    found, name = _opened(target) if files is None else (files, target)
    gathering = _Gathering(found, name, reader)
    gathering.gather(overlays)
    layers = gathering.layers
    if sets:
        gathering.texts[SET_FILE] = "\n".join(sets)
        layers += gathering.attempt(partial(_settings, sets, gathering.rank + 1, layers, reader)) or []
    disagreements: list[Disagreement] = []
    root = _merged([_taking_part(layer, node) for layer, node in layers], disagreements)
    reader.merged(root)
    empty = list(remove_nulls(root, verbatim=_is_patch))
    reader.completed(root)
    problems = [*gathering.problems, *map(_disagreement, disagreements)]
    if not gathering.exit_code:
        left = [(path, node) for path, node in empty if not _may_remove_nothing(node)]
        problems += [_empty(path, node, reader.what_is_needed(path)) for path, node in left]
    return Layered(
        name, root, tuple(layers), found, gathering.texts, tuple(problems), tuple(gathering.references),
        gathering.exit_code,
    )  # fmt: skip


def _settings(
    sets: Sequence[str], rank: int, layers: list[tuple[Layer, Node]], reader: DocumentReader
) -> list[tuple[Layer, Node]]:
    return [(layer, reader.setting(node)) for layer, node in nodes_of_sets(sets, rank, layers, reader.is_text)]


def _opened(target: str) -> tuple[Files, str]:
    """The source of a target's files, and its path there."""
    if ":" in target and not FilePath(target).exists():
        from blueprint.source.revision import open_revision  # imported only if a target names a commit

        return open_revision(target, FilePath())
    return DiskFiles(), target


def _taking_part(layer: Layer, node: Node) -> Node:
    """The contribution of a layer: only the spec of an overlay, because its name and its `extends` apply only to
    itself.
    """
    if layer.kind != "overlay":
        return node
    return replace(node, value={key: item for key, item in node.value.items() if key == "spec"})


def _merged(nodes: Iterable[Node], disagreements: list[Disagreement]) -> Node:
    merged: Node | None = None
    for node in nodes:
        merged = node if merged is None else merge(merged, node, disagreements)
    assert merged is not None  # noqa: S101 - the blueprint itself is always there
    return merged


class _Gathering(MutableRecord):
    """Traverses `extends` depth first; every file contributes once, at its first occurrence."""

    files: Files
    target: str
    reader: DocumentReader
    layers: list[tuple[Layer, Node]] = field(default_factory=list)
    texts: dict[str, str] = field(default_factory=dict)
    problems: list[Diagnostic] = field(default_factory=list)
    rank: int = 0
    trail: list[tuple[str, Span | None]] = field(default_factory=list)
    references: list[ExtendsEntry] = field(default_factory=list)
    exit_code: int = 0

    def gather(self, overlays: Sequence[str]) -> None:
        """Add the blueprint and the overlays from the command line. Raises Refused without the blueprint."""
        self.attempt(partial(self.add_file, self.target, None))
        for overlay in overlays:
            self.attempt(partial(self.add_file, overlay, None))
        if all(layer.kind == "overlay" for layer, _ in self.layers):
            raise Refused(*self.problems, exit_code=self.exit_code)

    def attempt(self, read: Callable[[], T]) -> T | None:
        """The result of `read`; None if it raises Refused, which is recorded."""
        try:
            return read()
        except Refused as refused:
            self.problem(*refused.diagnostics, exit_code=refused.exit_code)
            return None

    def problem(self, *found: Diagnostic, exit_code: int = 1) -> None:
        """Record why a layer is omitted."""
        self.problems += found
        self.exit_code = max(self.exit_code, exit_code)

    def add_file(self, name: str, named_at: Span | None) -> None:
        """Add everything that `name` extends, then `name` itself."""
        self._add(name, read_text(self.files, name, named_at), named_at)

    def _add(self, name: str, text: str, named_at: Span | None) -> None:
        self.texts[name] = text
        document = load_text(text, name)
        if not isinstance(document.data, dict):
            at = document.span() if document.marks else Span(name, 1, 1, 1, 1)
            what = "is empty" if document.marks is None else "is not a mapping"
            help_ = "begin the file with apiVersion: gpublueprint.dev/v1alpha2"
            raise Refused(Diagnostic(codes.NOT_A_MAPPING, f"{name} {what}", at=at, help=help_))
        self.trail.append((name, named_at))
        for entry, path in self._entries(document):
            self._extend(name, document, entry, path)
        self.trail.pop()
        layer = Layer(name, self._kind(name), self.rank)
        self.layers.append((layer, self.reader.document(nodes_of(document, layer))))
        self.rank += 1

    def _kind(self, name: str) -> str:
        return "blueprint" if name == self.target else "overlay"

    def _entries(self, document: Document) -> list[tuple[str | list[str], Path]]:
        extends = document.data.get("extends", [])
        good: list[tuple[str | list[str], Path]] = []
        if not isinstance(extends, list):
            self._malformed(document, ("extends",))
            return good
        for index, entry in enumerate(extends):
            names = entry if isinstance(entry, list) else [entry]
            if names and all(isinstance(name, str) and name for name in names):
                good.append((entry, ("extends", index)))
            else:
                self._malformed(document, ("extends", index))
        return good

    def _malformed(self, document: Document, path: Path) -> None:
        value: Any = document.data
        for step in path:
            value = value[step]
        message = f"{format_path(path)} cannot be {'a list' if isinstance(value, list) else value}"
        help_ = "list names of overlays and paths of files, or lists of them"
        self.problem(Diagnostic(codes.EXTENDS, message, at=document.span(path), help=help_))

    def _extend(self, name: str, document: Document, entry: str | list[str], path: Path) -> None:
        if isinstance(entry, str):
            self._reference(name, entry, document, path)
            return
        rank = self.rank
        for index, sibling in enumerate(entry):
            self.rank = rank
            self._reference(name, sibling, document, (*path, index))
        self.rank = rank + 1

    def _reference(self, name: str, reference: str, document: Document, path: Path) -> None:
        at = document.span(path)
        self.references.append(ExtendsEntry(reference, self._kind(name), at, format_path(path)))
        if "/" not in reference and not reference.endswith((".yaml", ".yml")):
            self._ready_made(reference, document, path)
            return
        self.attempt(partial(self._overlay, self.files.beside(name, reference), reference, at))

    def _overlay(self, file: str, reference: str, at: Span) -> None:
        check_border(self.files, self.target, file, reference, at)
        if not self._cycle(file, at) and file not in self.texts:
            self.add_file(file, at)

    def _cycle(self, file: str, at: Span) -> bool:
        names = [name for name, _ in self.trail]
        if file not in names:
            return False
        way = self.trail[names.index(file) + 1 :]
        notes = tuple(Note(f"{name} is extended here", span) for name, span in way if span)
        message, help_ = f"{file} extends itself", "remove one of the entries that form the cycle"
        self.problem(Diagnostic(codes.EXTENDS_CYCLE, message, at=at, notes=notes, help=help_))
        return True

    def _ready_made(self, name: str, document: Document, path: Path) -> None:
        at = document.span(path)
        known = ready_made_overlays()
        if name not in known:
            near = nearest(name, known)
            instead = self.reader.instead_of_cloud(document, cloud_of(near)) if near else None
            hint = f"did you mean {near}? {instead or ''}".strip() if near else ""
            help_ = hint or f"refer to your own overlay by its path: ./{name}.yaml"
            message = f"no ready-made overlay is named {name}"
            self.problem(Diagnostic(codes.UNKNOWN_OVERLAY, message, at=at, help=help_))
            return
        if instead := self.reader.instead_of_cloud(document, cloud_of(name)):
            message = f"extends cannot contain the cloud {name}"
            self.problem(Diagnostic(codes.UNKNOWN_OVERLAY, message, at=at, path=format_path(path), help=instead))
        shown_name = shown(known[name])
        if shown_name not in self.texts:
            self._add(shown_name, known[name].read_text("utf-8"), at)


def ready_made_overlays() -> dict[str, FilePath]:
    """The overlays that ship with the tool, by name."""
    return {file.stem: file for file in sorted(data_folder("overlays").glob("*/*.yaml"))}


def cloud_of(name: str) -> dict[str, str]:
    """The values of a ready-made overlay in `spec.cluster`."""
    text = ready_made_overlays()[name].read_text("utf-8")
    return dict(load_text(text, name).data["spec"]["cluster"])


def _disagreement(item: Disagreement) -> Diagnostic:
    message = f"overlays of the same rank set {format_path(item.path)} to different values"
    note = Note(f"{item.first.layer.name} sets another value", item.first.span)
    help_ = "list the overlays separately in extends, where the later one wins, or set the value in the blueprint"
    path = format_path(item.path)
    return Diagnostic(codes.DISAGREEMENT, message, at=item.second.span, notes=(note,), path=path, help=help_)


def _is_patch(path: Path) -> bool:
    """Whether a path refers to a patch: null values in it remove something from the object, and stay in the
    blueprint.
    """
    return path[:2] == ("spec", "components") and path[3:4] == ("patches",) and path[5:] == ("merge",)


def _may_remove_nothing(node: Node) -> bool:
    """Whether a null value in a layer may remove nothing: several blueprints share an overlay, and not all have what it
    removes.
    """
    at = node.span
    written = (at.line, at.column) != (at.end_line, at.end_column)
    return node.layer.kind == "overlay" and written


def _empty(path: Path, node: Node, needed: str | None) -> Diagnostic:
    name = format_path(path)
    return Diagnostic(
        codes.EMPTY_VALUE,
        f"{name} has no value",
        at=node.key_span or node.span,
        path=name,
        help=needed or "write {} to use the defaults, or remove the line",
    )
