"""The tables of cases, read by libyaml: they are long, and every worker reads them while it collects."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml


def yaml_data(file: Path) -> Any:
    """What a YAML file of the tests holds."""
    return yaml.load(file.read_text("utf-8"), Loader=yaml.CSafeLoader)
