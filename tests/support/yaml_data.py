"""YAML of the tests, read by libyaml: it is long, and PyYAML's own parser takes ten times as long."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml


def yaml_data(file: Path) -> Any:
    """What a YAML file of the tests holds."""
    return yaml_value(file.read_text("utf-8"))


def yaml_value(text: str) -> Any:
    """The one document of a text."""
    return yaml.load(text, Loader=yaml.CSafeLoader)


def yaml_documents(text: str) -> Iterator[Any]:
    """The documents of a text, in order."""
    return yaml.load_all(text, Loader=yaml.CSafeLoader)
