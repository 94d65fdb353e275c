"""What a check says: a diagnostic at the line of the blueprint that it is about."""

from __future__ import annotations

from collections.abc import Iterable

from blueprint.catalog.catalog import Catalog
from blueprint.diagnostics import Code, Diagnostic, Fix, Note, known_names, nearest
from blueprint.platform import codes
from blueprint.source.merge import Node
from blueprint.source.paths import Path, format_path
from blueprint.spec.model import Blueprint

POOLS: Path = ("spec", "nodePools")


class Teller:
    """Knows the blueprint, where each of its values stands, and the catalogue."""

    def __init__(self, blueprint: Blueprint, root: Node, catalog: Catalog) -> None:
        self.blueprint = blueprint
        self.spec = blueprint.spec
        self.root = root
        self.catalog = catalog

    def at(self, path: Path, code: Code, message: str, *, help_: str | None = None, fix: str | None = None,
           notes: tuple[Note, ...] = ()) -> Diagnostic:  # fmt: skip
        """A diagnostic at the value of `path`, or at the nearest place above it; with the layers it replaced."""
        node, where = self.root.nearest(path)
        span = node.span if where == path and not isinstance(node.value, dict) else (node.key_span or node.span)
        below = node.replaced if where == path else None
        history = (Note(f"replaces the value of {below.layer.name}", below.span),) if below else ()
        return Diagnostic(
            code, message, at=span, help=help_, path=format_path(path), notes=(*notes, *history),
            fix=Fix(span, fix) if fix else None,
        )  # fmt: skip

    def at_key(self, path: Path, code: Code, message: str, *, help_: str | None = None, fix: str | None = None,
               notes: tuple[Note, ...] = ()) -> Diagnostic:  # fmt: skip
        """A diagnostic at the last key of `path`, or at the nearest place above it."""
        node, where = self.root.nearest(path)
        span = (node.key_span if where == path else None) or node.key_span or node.span
        fix_ = Fix(span, fix) if fix else None
        return Diagnostic(code, message, at=span, help=help_, path=format_path(path), notes=notes, fix=fix_)

    def unknown(self, path: Path, code: Code, what: str, known: Iterable[str]) -> Diagnostic:
        """A name that is not among `known`."""
        node = self.root.get(path)
        value = str(node.value) if node and not isinstance(node.value, dict) else str(path[-1])
        names = sorted(known)
        return self.at(
            path, code, f"there is no {what} {value}", help_=known_names(value, names), fix=nearest(value, names)
        )

    def no_effect(self, path: Path, because: Path, message: str) -> Diagnostic:
        """What is written at `path` changes nothing, because of what is written elsewhere."""
        notes = (self.note(because, "because of this"),)
        return self.at(
            path, codes.NO_EFFECT, f"{message} change nothing", notes=notes, help_="remove what has no effect"
        )

    def note(self, path: Path, message: str) -> Note:
        """A note at the value of `path`, or at the nearest place above it."""
        node, _ = self.root.nearest(path)
        return Note(message, node.span if not isinstance(node.value, dict) else (node.key_span or node.span))
