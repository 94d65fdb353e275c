"""What every model of the language has in common."""

from __future__ import annotations

from typing import ClassVar

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel


class Model(BaseModel):
    """Strict and frozen; keys are camelCase in YAML and snake_case here.

    NOT_YET names keys, and values of a key, that belong to the language but not to this version. ELSEWHERE says of keys
    that are none what to do instead; OTHER_VALUES says which value stands for one that a key does not have, and why.
    FORM is what a value must be where that is more than a mapping, NO_LIST why it is no list.
    """

    model_config = ConfigDict(
        strict=True, frozen=True, extra="forbid", alias_generator=to_camel, populate_by_name=False, defer_build=True
    )
    NOT_YET: ClassVar[frozenset[str]] = frozenset()
    NOT_YET_VALUES: ClassVar[dict[str, tuple[str, ...]]] = {}
    ELSEWHERE: ClassVar[dict[str, str]] = {}
    OTHER_VALUES: ClassVar[dict[str, dict[str, tuple[str, str]]]] = {}
    FORM: ClassVar[str | None] = None
    NO_LIST: ClassVar[str | None] = None
