"""The platform for which manifests are linted. Manifests take the place of rendered objects."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from blueprint.bundle.model import Object, ObjectId
from blueprint.check.rule_context import PlatformFacts, mapping
from blueprint.diagnostics import Diagnostic
from blueprint.effective.resolution import Resolution
from blueprint.records import Record, replace


class RenderedPlatform(Record):
    """A platform as its blueprint declares it, and the objects that it renders."""

    declared: Resolution
    objects: tuple[Object, ...]

    def beside(self, linted: Iterable[Object]) -> tuple[Object, ...]:
        """The rendered objects that none of these replaces."""
        given = {found for each in linted if (found := _identity(each))}
        return tuple(each for each in self.objects if each.id not in given)

    def as_rendered(self, linted: Iterable[Object]) -> tuple[Object, ...]:
        """The linted objects. One that is exactly as rendered, in a bundle for example, is not the user's."""
        rendered = {each.id: each for each in self.objects}
        found = ((each, rendered.get(identity) if (identity := _identity(each)) else None) for each in linted)
        return tuple(
            replace(each, component=same.component) if same and same.data == each.data else each for each, same in found
        )

    def with_drivers_of(
        self, linted: Iterable[Object], files: Collection[str]
    ) -> tuple[PlatformFacts, tuple[Diagnostic, ...]]:
        """Facts about the platform with the drivers that the user's objects configure, and the findings that follow in
        these files.
        """
        from blueprint.rule_facts.resolved import ResolvedFacts

        rendered = {each.id: each.component for each in self.objects}
        changed = [each for each in linted if each.component != rendered.get(each.id)]
        effective = self.declared.with_drivers_of([*self.beside(changed), *changed])
        known = self.declared.problems
        found = (each for each in effective.problems if each.at and each.at.file in files and each not in known)
        return ResolvedFacts(effective.platform), tuple(found)


def _identity(each: Object) -> ObjectId | None:
    """The identity of an object; None if it has no API version or no name."""
    named = {"name", "generateName"} & mapping(each.data.get("metadata")).keys()
    return each.id if named and "apiVersion" in each.data else None
