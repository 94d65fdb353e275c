"""Addresses on which dcgm-exporter cannot listen."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.check.common.exporters import EXPORTER_ADDRESS, addresses
from blueprint.check.finding import ObjectFinding
from blueprint.check.rule import rule
from blueprint.check.rule_context import DescribedPod, RuleContext
from blueprint.source.paths import format_path


@rule(EXPORTER_ADDRESS, tags=("operator", "monitoring"))
def exporter_address(pod: DescribedPod, context: RuleContext) -> Iterator[ObjectFinding]:
    """An address that is only a port."""
    for path, container in pod.containers:
        for at, value in addresses(container, path):
            if value.isdecimal():
                text = f"{format_path(at, pod.subject.data)} is {value}, an address without a colon"
                yield ObjectFinding(EXPORTER_ADDRESS, at, text, f'":{value}"')


RULES = (exporter_address,)
