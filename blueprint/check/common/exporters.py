"""Where dcgm-exporter listens."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from blueprint.bundle.model import Path
from blueprint.check.common.containers import literal_env
from blueprint.check.common.device_plugins import program
from blueprint.check.rule_context import items, mapping
from blueprint.diagnostics import define
from blueprint.patterns import lazy_pattern

EXPORTER_ADDRESS = define("BP6629", "exporter-address", page=__file__)
EXPORTER = lazy_pattern(r"dcgm-exporter(-.*)?")
"""The name of its image."""
_VARIABLE, _FLAG = "DCGM_EXPORTER_LISTEN", lazy_pattern(r"--?address(?:=(.+))?|-a")
_DEFAULT = "9400"


def is_exporter(container: Mapping[Any, Any]) -> bool:
    """Whether a container runs dcgm-exporter."""
    return EXPORTER.fullmatch(program(container)) is not None


def addresses(container: Mapping[str, Any], path: Path) -> Iterator[tuple[Path, str]]:
    """The addresses that a container of dcgm-exporter is given, and where: a flag precedes the variable."""
    if not is_exporter(container):
        return
    yield from flag_values(path, container, _FLAG)
    yield from ((at, value) for at, name, value in literal_env(container, path) if name == _VARIABLE)


def port_of(container: Mapping[str, Any], path: Path) -> str | None:
    """The port on which dcgm-exporter listens; None for other programs, and if it is unknown."""
    if not is_exporter(container) or container.get("envFrom"):
        return None
    set_elsewhere = any(mapping(each).get("name") == _VARIABLE for each in items(container.get("env")))
    address = next((value for _, value in addresses(container, path)), "" if set_elsewhere else f":{_DEFAULT}")
    number = address.rpartition(":")[2]
    return number if number.isdecimal() else None


def flag_values(path: Path, container: Mapping[str, Any], flag: re.Pattern[str]) -> Iterator[tuple[Path, str]]:
    """The values of a flag, in its own argument or after `=`, and where they are."""
    for field in ("command", "args"):
        words = items(container.get(field))
        for index, word in enumerate(words):
            if (found := flag.fullmatch(str(word))) is None:
                continue
            place, value = (index, found[1]) if found[1] else (index + 1, next(iter(words[index + 1 :]), None))
            if isinstance(value, str):
                yield (*path, field, place), value
