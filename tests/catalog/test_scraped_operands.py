"""Ports of operands in the catalogue."""

from __future__ import annotations

from blueprint.catalog.catalog import load_catalog


def test_the_exporters_port_is_the_same_in_both_places() -> None:
    """`exporter` is about settings of the exporter, `scraped` about everything that the operator creates."""
    component = load_catalog().component("gpu-operator")
    assert component
    assert component.exporter
    labels = component.exporter.service["clusterPolicy"]
    [operand] = [each for each in component.scraped if each.labels == labels]
    assert operand.port == component.exporter.port
