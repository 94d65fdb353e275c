"""YAML of the tests, read by libyaml: it is long, and PyYAML's own parser takes ten times as long."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

MERGE = "tag:yaml.org,2002:merge"
"""Of the key `<<`, whose values a key beside it overrides."""


class _Strict(yaml.CSafeLoader):
    """Refuses a key that stands twice: PyYAML keeps the last one, and a row of a table would be lost."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [self.construct_object(key, deep=True) for key, _ in node.value if key.tag != MERGE]
        twice = [key for key, count in Counter(map(repr, keys)).items() if count > 1]
        if twice:
            raise ValueError(f"{', '.join(twice)} stands twice in the mapping{node.start_mark}")
        return super().construct_mapping(node, deep)


def yaml_data(file: Path) -> Any:
    """What a YAML file of the tests holds. Raises ValueError where a key stands twice."""
    return yaml.load(file.read_text("utf-8"), Loader=_Strict)  # noqa: S506 - a safe loader, and stricter


def yaml_value(text: str) -> Any:
    """The one document of a text."""
    return yaml.load(text, Loader=yaml.CSafeLoader)


def yaml_documents(text: str) -> Iterator[Any]:
    """The documents of a text, in order."""
    return yaml.load_all(text, Loader=yaml.CSafeLoader)
