"""Resolves a blueprint against the catalogue: binds its names, builds the platform, and checks it."""

from __future__ import annotations

from collections.abc import Iterable

from blueprint.catalog.catalog import Catalog
from blueprint.diagnostics import Diagnostic, Note
from blueprint.platform.check_context import BlueprintInputs, CheckContext
from blueprint.platform.inputs.binding import bind
from blueprint.platform.model import Platform
from blueprint.platform.topics import TOPICS
from blueprint.platform.tracking.tracked import Origins, track
from blueprint.records import replace
from blueprint.source.merge import Node
from blueprint.spec.model import Blueprint


def resolve(blueprint: Blueprint, root: Node, catalog: Catalog) -> tuple[Platform | None, list[Diagnostic]]:
    """The platform, and all errors in it. None if there is no release to resolve against.

    Unknown names do not end the run: they are omitted from the platform, so that everything else is checked too.
    """
    bound = bind(blueprint, root, catalog)
    origins = Origins(root, bound.known)
    platform = Platform(track(bound.sound, origins), origins, catalog, bound.release, bound.unresolved)
    context = CheckContext(platform, BlueprintInputs(blueprint, bound.completed), root, catalog)
    found = [diagnostic for topic in TOPICS for check in topic.checks for diagnostic in check(context)]
    if catalog.release(blueprint.spec.release) is None:
        return None, found
    found += [diagnostic for topic in TOPICS for check in topic.release_checks for diagnostic in check(context)]
    return platform, found


def resolve_again(
    platform: Platform, blueprint: Blueprint, root: Node, catalog: Catalog, earlier: Iterable[Diagnostic]
) -> list[Diagnostic]:
    """All errors in a platform whose drivers users have overridden in rendered objects.

    Errors that appear only because of this are reported at the overriding line.
    """
    completed = bind(blueprint, root, catalog).completed
    context = CheckContext(platform, BlueprintInputs(blueprint, completed), root, catalog)
    checks = [check for topic in TOPICS for check in (*topic.checks, *topic.release_checks)]
    known = {(found.code.id, found.message) for found in earlier}
    return [
        found if (found.code.id, found.message) in known else _at_overruling_line(found, platform)
        for check in checks
        for found in check(context)
    ]


def _at_overruling_line(found: Diagnostic, platform: Platform) -> Diagnostic:
    """The diagnostic, moved to the line that overrides the driver of its pool."""
    every = {name: tuple(written.sources) for name, written in platform.written_drivers.items()}
    lines = [source for sources in every.values() for source in sources]
    if any(found.at == source.span for source in lines):
        return found
    path = found.path or ""
    own = next((sources for name, sources in every.items() if path.startswith(f"spec.nodePools.{name}.")), None)
    line = (own or tuple(lines))[0]
    notes = (*found.notes, Note("this contradicts it", found.at)) if found.at else found.notes
    return replace(found, at=line.span, path=line.path, notes=notes, fix=None)
