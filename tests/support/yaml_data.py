"""The YAML data of the tests. It is read by libyaml, because PyYAML's own parser takes ten times as long."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

MERGE = "tag:yaml.org,2002:merge"
"""The tag of the key `<<`. Keys of the same map override its values."""


class _Strict(yaml.CSafeLoader):
    """Rejects duplicate keys. PyYAML would keep only the last one, and a row of a table would be lost."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [self.construct_object(key, deep=True) for key, _ in node.value if key.tag != MERGE]
        twice = [key for key, count in Counter(map(repr, keys)).items() if count > 1]
        if twice:
            raise ValueError(f"{', '.join(twice)} stands twice in the mapping{node.start_mark}")
        return super().construct_mapping(node, deep)


def yaml_data(file: Path) -> Any:
    """The content of a YAML file. Raises ValueError if it contains a duplicate key."""
    return yaml.load(file.read_text("utf-8"), Loader=_Strict)  # noqa: S506 - a safe loader, and stricter


def yaml_value(text: str) -> Any:
    """The single document of a text."""
    return yaml.load(text, Loader=yaml.CSafeLoader)


def yaml_documents(text: str) -> Iterator[Any]:
    """The documents of a text, in order."""
    return yaml.load_all(text, Loader=yaml.CSafeLoader)
