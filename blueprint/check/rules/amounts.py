"""Requests and limits that cannot be meant."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from blueprint.check.complaint import Complaint
from blueprint.check.rules.model import mapping
from blueprint.diagnostics import define
from blueprint.render.model import Path
from blueprint.spec.quantity import quantity_value

AMOUNT_IMPLAUSIBLE = define(
    "BP6134",
    "amount-implausible",
    """
Memory is counted in bytes: `512m` is half a byte, `512` is 512 bytes, `512Mi` was meant. A container with such a
limit is killed before it starts, and a request of that sort reserves nothing.
""",
)
_BYTES = re.compile(r"memory|ephemeral-storage|storage|hugepages-.*")
_LEAST = 2**20


def amounts(resources: Any, at: Path) -> Iterator[Complaint]:
    """Amounts of bytes below a mebibyte; `at` is where the resources stand."""
    for part in ("limits", "requests"):
        for name, amount in mapping(mapping(resources).get(part)).items():
            if _BYTES.fullmatch(str(name)) and (value := _bytes(amount)) is not None and value < _LEAST:
                text = f"{part} of {name} is {amount}, which is {float(value):g} bytes"
                meant = re.sub(r"m?$", "Mi", str(amount), count=1)
                yield Complaint(AMOUNT_IMPLAUSIBLE, (*at, part, name), text, f"did you mean {meant}?")


def _bytes(amount: Any) -> Any:
    try:
        return quantity_value(str(amount))
    except ValueError:
        return None  # the schema has said so
