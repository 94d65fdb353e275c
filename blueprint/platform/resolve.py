"""Resolves a blueprint against the catalogue: binds its names, builds the platform, and judges it."""

from __future__ import annotations

from blueprint.catalog.catalog import Catalog
from blueprint.diagnostics import Diagnostic
from blueprint.platform.check_context import CheckContext
from blueprint.platform.inputs.binding import bind
from blueprint.platform.model import Platform
from blueprint.platform.topics import TOPICS
from blueprint.platform.tracking.tracked import Origins, track
from blueprint.source.merge import Node
from blueprint.spec.model import Blueprint


def resolve(blueprint: Blueprint, root: Node, catalog: Catalog) -> tuple[Platform | None, list[Diagnostic]]:
    """The platform, and everything wrong with it. None where there is no release to resolve against.

    What names nothing does not end the run: it is left out of the platform, so that everything else is judged too.
    """
    bound = bind(blueprint, root, catalog)
    origins = Origins(root, bound.known)
    platform = Platform(track(bound.sound, origins), origins, catalog, bound.release, bound.unresolved)
    context = CheckContext(platform, bound.completed, blueprint, root, catalog)
    found = [diagnostic for topic in TOPICS for check in topic.checks for diagnostic in check(context)]
    if catalog.release(blueprint.spec.release) is None:
        return None, found
    found += [diagnostic for topic in TOPICS for check in topic.release_checks for diagnostic in check(context)]
    return platform, found
