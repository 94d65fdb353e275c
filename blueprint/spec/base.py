"""What every model of the language has in common."""

from __future__ import annotations

from typing import ClassVar

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel


class Model(BaseModel):
    """Strict and frozen; keys are camelCase in YAML and snake_case here.

    NOT_YET names keys, and values of a key, that belong to the language but not to this version.
    """

    model_config = ConfigDict(
        strict=True, frozen=True, extra="forbid", alias_generator=to_camel, populate_by_name=False, defer_build=True
    )
    NOT_YET: ClassVar[frozenset[str]] = frozenset()
    NOT_YET_VALUES: ClassVar[dict[str, tuple[str, ...]]] = {}
