"""Requests and limits with implausible amounts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from blueprint.bundle.model import Path
from blueprint.check.finding import ObjectFinding
from blueprint.check.rule_context import mapping
from blueprint.diagnostics import define
from blueprint.patterns import lazy_pattern
from blueprint.units import quantity_value

AMOUNT_IMPLAUSIBLE = define("BP6134", "amount-implausible", page=__file__)
REQUEST_ABOVE_LIMIT = define("BP6106", "request-above-limit", page=__file__)
_BYTES = lazy_pattern(r"memory|ephemeral-storage|storage|hugepages-.*")
_LEAST = 2**20


def amounts(resources: Any, at: Path) -> Iterator[ObjectFinding]:
    """Implausible amounts; `at` is the path of the resources."""
    for part in ("limits", "requests"):
        for name, amount in mapping(mapping(resources).get(part)).items():
            if _BYTES.fullmatch(str(name)) and (value := _bytes(amount)) is not None and 0 < value < _LEAST:
                text = f"{part} of {name} is {amount}, which is {float(value):g} bytes"
                suggestion = re.sub(r"m?$", "Mi", str(amount), count=1)
                yield ObjectFinding(AMOUNT_IMPLAUSIBLE, (*at, part, name), text, f"did you mean {suggestion}?")

    limits, requests = (mapping(mapping(resources).get(part)) for part in ("limits", "requests"))
    for name, amount in {**limits, **requests}.items():
        wanted, most = _bytes(requests.get(name)), _bytes(limits.get(name))
        part = "requests" if name in requests else "limits"
        if (value := _bytes(amount)) is not None and value < 0:
            text = f"{part} of {name} is {amount}, which is negative"
            yield ObjectFinding(AMOUNT_IMPLAUSIBLE, (*at, part, name), text, "remove the minus sign")
        elif wanted is not None and most is not None and wanted > most and not str(name).startswith("nvidia.com/"):
            text = f"the request of {name} is {requests[name]}, above its limit, {limits[name]}"
            yield ObjectFinding(REQUEST_ABOVE_LIMIT, (*at, "requests", name), text, f"request at most {limits[name]}")


def _bytes(amount: Any) -> Any:
    """The value of a quantity; None if there is none."""
    try:
        return quantity_value(str(amount))
    except ValueError:
        return None  # The schema check reports it, if there is a schema.
