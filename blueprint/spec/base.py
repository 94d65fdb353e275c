"""What every model of the language has in common."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import ClassVar

_without_plugins = ModuleType("pydantic.plugin._loader")
_without_plugins.__dict__["get_plugins"] = tuple
sys.modules.setdefault(_without_plugins.__name__, _without_plugins)
"""Pydantic looks for plugins even where the environment switches them off, and imports forty modules of the standard
library for it (importlib.metadata, email, zipfile): a fifteenth of a compile. What is valid must not depend on what
is installed, so there are none. Where pydantic keeps that elsewhere one day, this does nothing."""

from pydantic import BaseModel, ConfigDict  # noqa: E402
from pydantic.alias_generators import to_camel  # noqa: E402


class Model(BaseModel):
    """Strict and frozen; keys are camelCase in YAML and snake_case here.

    NOT_YET names keys, and values of a key, that belong to the language but not to this version.
    """

    model_config = ConfigDict(
        strict=True, frozen=True, extra="forbid", alias_generator=to_camel, populate_by_name=False, defer_build=True
    )
    NOT_YET: ClassVar[frozenset[str]] = frozenset()
    NOT_YET_VALUES: ClassVar[dict[str, tuple[str, ...]]] = {}
