"""Checks of the exporter's settings: the collection interval, the scrape interval, and access."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from blueprint.catalog.components import ExporterFacts
from blueprint.diagnostics import Diagnostic
from blueprint.platform.check_context import CheckContext
from blueprint.platform.components.model import PlatformComponent
from blueprint.platform.observability import codes
from blueprint.source.paths import Path
from blueprint.units import as_duration

COMPONENTS: Path = ("spec", "components")
_COLLECTION = "DCGM_EXPORTER_INTERVAL"
"""The collection interval in milliseconds."""


def check_exporter(context: CheckContext) -> Iterator[Diagnostic]:
    """Check the settings of all components with an exporter."""
    for newest, facts in context.catalog.exporters():
        if component := context.platform.declared_components.get(newest.name):
            yield from _scrape_timeout(context, component, facts)
            yield from _collection(context, component, facts)
            yield from _out_of_reach(context, component, facts)


def _scrape_timeout(context: CheckContext, component: PlatformComponent, facts: ExporterFacts) -> Iterator[Diagnostic]:
    """A scrape timeout longer than the interval, which Prometheus rejects."""
    if not component.has(facts.timeout):
        return
    interval, timeout = component.settings[facts.interval], component.settings[facts.timeout]
    every, patience = as_duration(interval), as_duration(timeout)
    if every and patience and patience > every:
        key = facts.timeout if facts.timeout in component.given else facts.interval
        message = f"{component.name}: the scrape timeout, {timeout}, is longer than the scrape interval, {interval}"
        path: Path = (*COMPONENTS, component.name, "settings", key)
        help_ = f"make {facts.timeout} at most as long as {facts.interval}"
        yield context.diagnostic_at(path, codes.SCRAPE_TOO_SLOW, message, help_=help_)


def _collection(context: CheckContext, component: PlatformComponent, facts: ExporterFacts) -> Iterator[Diagnostic]:
    """An exporter that reads GPUs less often than it is scraped."""
    text = component.given.get(facts.variables, {}).get(_COLLECTION)
    if text is None:
        return
    path: Path = (*COMPONENTS, component.name, "settings", facts.variables, _COLLECTION)
    if not text.isdecimal():
        message = f"{_COLLECTION} is {text}, which is not a number of milliseconds"
        yield context.diagnostic_at(path, codes.NUMBER_WANTED, message, help_='use a number such as "15000"')
        return
    scraped = _scrape_interval(context, component, facts)
    if (every := as_duration(scraped)) and int(text) > 1000 * every:
        message = f"the exporter reads GPUs only every {int(text) / 1000:g}s, but Prometheus scrapes it every {scraped}"
        yield context.diagnostic_at(path, codes.COLLECTED_TOO_SELDOM, message, help_=f"use at most {1000 * every}")


def _scrape_interval(context: CheckContext, component: PlatformComponent, facts: ExporterFacts) -> Any:
    """The scrape interval: from the observability section, if there is one."""
    if (observability := context.platform.observability) is not None:
        return observability.interval
    return component.settings[facts.interval] if facts.interval in component.component.settings else None


def _out_of_reach(context: CheckContext, component: PlatformComponent, facts: ExporterFacts) -> Iterator[Diagnostic]:
    """An exporter that requires TLS or authentication, although the monitors use neither."""
    for setting in facts.locks if context.platform.observability else ():
        if setting in component.given:
            message = f"{component.name}: with {setting} the monitors of spec.observability can no longer scrape it"
            notes = (context.note(("spec", "observability"), "they scrape without TLS and without authentication"),)
            path, help_ = (
                (*COMPONENTS, component.name, "settings", setting),
                "remove it; allowedNamespaces also restricts access",
            )
            yield context.diagnostic_at_key(path, codes.EXPORTER_OUT_OF_REACH, message, notes=notes, help_=help_)
