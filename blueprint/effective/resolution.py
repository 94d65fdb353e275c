"""A resolved blueprint, and the same one with the drivers that users wrote into objects."""

from __future__ import annotations

from collections.abc import Iterable

from blueprint.bundle.model import Object
from blueprint.catalog.catalog import Catalog
from blueprint.diagnostics import Diagnostic
from blueprint.effective.drivers import written_drivers
from blueprint.effective.operator import EffectiveOperator
from blueprint.platform.inputs.hardware_files import causes_only
from blueprint.platform.model import Platform
from blueprint.platform.resolve import resolve_again
from blueprint.records import Record, replace
from blueprint.source.merge import Node
from blueprint.spec.model import Blueprint


class Resolution(Record):
    """A blueprint, resolved against the catalogue.

    Attributes:
        platform: The platform that it declares.
        problems: All findings in it, including those in `own_hardware`.
        own_hardware: Findings in the user's own descriptions of hardware.
        blueprint: The blueprint.
        root: The location of each written value.
        catalog: The catalogue with the user's own hardware.
    """

    platform: Platform
    problems: tuple[Diagnostic, ...]
    own_hardware: tuple[Diagnostic, ...]
    blueprint: Blueprint
    root: Node
    catalog: Catalog

    @property
    def existing_namespaces(self) -> tuple[str, ...]:
        """Namespaces that exist without being rendered."""
        watched = self.platform.observability
        return (watched.namespace,) if watched else ()

    def with_drivers_of(self, objects: Iterable[Object]) -> Resolution:
        """The blueprint with the drivers that users wrote into these objects, and the findings that follow."""
        written = written_drivers(self.platform, EffectiveOperator(objects))
        if not written:
            return self
        platform = self.platform.with_drivers(written)
        found = resolve_again(platform, self.blueprint, self.root, self.catalog, self.problems)
        problems = (*self.own_hardware, *causes_only(found, [*self.own_hardware]))
        return replace(self, platform=platform, problems=problems)
