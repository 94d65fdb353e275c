"""The components with metrics, alerts and dashboards: the one for GPUs, and those with their own metrics."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property

from blueprint.catalog.catalog import Catalog
from blueprint.catalog.component_files.monitoring import Definitions, Exports, load_definitions, load_exports
from blueprint.platform.observability.expressions import records_in
from blueprint.platform.tracking.recorder import untracked
from blueprint.platform.tracking.sources import Source
from blueprint.platform.views import ComponentView


class Home:
    """A component with definitions. `prefix` is the prefix of its object and group names."""

    def __init__(
        self,
        component: ComponentView,
        definitions: Definitions,
        prefix: str,
        lacking: Callable[[str], list[str]],
        why_silent: str | None = None,
    ) -> None:
        self.component = component
        self.definitions = definitions
        self.prefix = prefix
        self._lacking = lacking
        self.why_silent = why_silent

    def lacking(self, expression: str) -> list[str]:
        """The metrics that an expression reads, including through recording rules, and that are not exported."""
        found = self._lacking(expression)
        for name in sorted(records_in(expression)):
            ways: list[list[str]] = [self.lacking(each) for each in self._recorded.get(name, ())]
            if ways:
                fewest: list[str] = min(ways, key=len)
                found += fewest
        return list(dict.fromkeys(found))

    @cached_property
    def _recorded(self) -> dict[str, list[str]]:
        """The expressions of each recording rule; stacks have different ones."""
        found: dict[str, list[str]] = {}
        for group in self.definitions.records.groups.values():
            for one in group:
                found.setdefault(one.record, []).append(one.expr)
        return found

    def line(self, file: str, *path: str | int) -> Source:
        """The source of a definition."""
        found = getattr(self.definitions, file)
        inside = ("groups" if file == "records" else file, *path)
        return Source("component", found.span(*inside), ".".join(map(str, inside)))


def homes_of(components: Iterable[ComponentView]) -> Iterator[Home]:
    """The platform's components with their own metrics."""
    for component in components:
        folder = component.component.folder
        if (exports := load_exports(folder)) is not None:
            lacking = _Lacking(component, exports)
            yield Home(component, load_definitions(folder), component.name, lacking, _why_silent(component))


def _why_silent(component: ComponentView) -> str | None:
    if component.ownership == "managed":
        return None
    return f"{component.name} is installed separately, and nothing here scrapes it"


class _Lacking:
    """The metrics that an expression reads and that a setting of their component disables."""

    def __init__(self, component: ComponentView, exports: Exports) -> None:
        self._component = component
        self._switched = {name: one.setting for name, one in exports.metrics.items() if one.setting}

    def __call__(self, expression: str) -> list[str]:
        read = [name for name in self._switched if re.search(rf"\b{name}\b", expression)]
        return [name for name in read if not self._component.settings[self._switched[name]]]


def switch_of(home: Home, metric: str) -> str | None:
    """The setting with which a component exports a metric."""
    exports = load_exports(home.component.component.folder)
    return exports.metrics[metric].setting if exports and metric in exports.metrics else None


def defined_elsewhere(alert: str, catalog: Catalog) -> str | None:
    """The component that defines an alert, even if it is not part of the platform."""
    with untracked():
        for name in catalog.components:
            component = catalog.component(name)
            if component is None or load_exports(component.folder) is None:
                continue
            if alert in load_definitions(component.folder).alerts.alerts:
                return name
    return None
