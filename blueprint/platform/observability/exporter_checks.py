"""Checks of the exporter's settings: how often it reads GPUs, how often it is scraped, and by whom."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from blueprint.catalog.components import ExporterFacts
from blueprint.diagnostics import Diagnostic
from blueprint.platform.check_context import CheckContext
from blueprint.platform.observability import codes
from blueprint.source.paths import Path
from blueprint.units import as_duration

COMPONENTS: Path = ("spec", "components")
_COLLECTION = "DCGM_EXPORTER_INTERVAL"
"""How often the exporter reads the GPUs, in milliseconds."""


def check_exporter(context: CheckContext) -> Iterator[Diagnostic]:
    """The settings of every component that brings an exporter."""
    for newest, facts in context.catalog.exporters():
        yield from _scrape_timeout(context, newest.name, facts)
        yield from _collection(context, newest.name, facts)
        yield from _out_of_reach(context, newest.name, facts)


def _scrape_timeout(context: CheckContext, name: str, facts: ExporterFacts) -> Iterator[Diagnostic]:
    """Prometheus refuses a scrape timeout that is longer than the interval."""
    spec = context.spec.components.get(name)
    component = context.catalog.component(name, context.release.components.get(name))
    interval, timeout = facts.interval, facts.timeout
    if spec is None or component is None or timeout in component.lacks:
        return
    values = [spec.settings.get(key, component.settings[key].default) for key in (interval, timeout)]
    every, patience = (as_duration(value) for value in values)
    if every and patience and patience > every:
        key = timeout if timeout in spec.settings else interval
        message = f"{name}: Prometheus would wait {values[1]} for answers that it asks for every {values[0]}"
        path, help_ = (*COMPONENTS, name, "settings", key), f"{timeout} must not be longer than {interval}"
        yield context.diagnostic_at(path, codes.SCRAPE_TOO_SLOW, message, help_=help_)


def _collection(context: CheckContext, name: str, facts: ExporterFacts) -> Iterator[Diagnostic]:
    """An exporter that reads GPUs less often than it is scraped."""
    spec = context.spec.components.get(name)
    variables = spec.settings.get(facts.variables) if spec else None
    if not isinstance(variables, dict) or _COLLECTION not in variables:
        return
    path: Path = (*COMPONENTS, name, "settings", facts.variables, _COLLECTION)
    text = variables[_COLLECTION]
    if not isinstance(text, str) or not text.isdecimal():
        message = f"{_COLLECTION} is {text}, not milliseconds"
        yield context.diagnostic_at(path, codes.NUMBER_WANTED, message, help_='"15000"')
        return
    scraped = _scrape_interval(context, name, facts)
    if (every := as_duration(scraped)) and int(text) > 1000 * every:
        message = f"the exporter reads GPUs every {int(text) / 1000:g}s, and Prometheus asks every {scraped}"
        yield context.diagnostic_at(path, codes.COLLECTED_TOO_SELDOM, message, help_=f"at most {1000 * every}")


def _scrape_interval(context: CheckContext, name: str, facts: ExporterFacts) -> Any:
    """How often Prometheus scrapes: the observability section decides, where there is one."""
    if (declared := context.spec.observability) is not None:
        return declared.prometheus.scrape_interval
    spec = context.spec.components[name]
    component = context.catalog.component(name, context.release.components.get(name))
    interval = facts.interval
    default = component.settings[interval].default if component and interval in component.settings else None
    return spec.settings.get(interval, default)


def _out_of_reach(context: CheckContext, name: str, facts: ExporterFacts) -> Iterator[Diagnostic]:
    """An exporter that takes TLS or known users alone, and monitors that have neither."""
    spec = context.spec.components.get(name)
    for setting in facts.locks if spec and context.spec.observability else ():
        if spec and setting in spec.settings:
            message = f"{name}: with {setting} the monitors of spec.observability reach it no longer"
            notes = (context.note(("spec", "observability"), "they ask without TLS and without a user"),)
            path, help_ = (*COMPONENTS, name, "settings", setting), "allowedNamespaces keeps others away; or remove it"
            yield context.diagnostic_at_key(path, codes.EXPORTER_OUT_OF_REACH, message, notes=notes, help_=help_)
