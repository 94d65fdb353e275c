"""What every model of the language has in common."""

import os
import sys
from types import ModuleType
from typing import ClassVar

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel


def _without_plugins() -> None:
    """Keep pydantic from its plugins: what is valid must not depend on what is installed.

    The module that would look for them imports the reader of package metadata even where plugins are disabled, which is
    a thirtieth of `validate`. Where pydantic has no such module, the variable alone decides.
    """
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    finder = ModuleType("pydantic.plugin._loader")
    finder.get_plugins = tuple  # type: ignore[attr-defined]
    sys.modules.setdefault(finder.__name__, finder)


_without_plugins()


class Model(BaseModel):
    """Strict and frozen; keys are camelCase in YAML and snake_case here.

    NOT_YET names keys that belong to the language but are not implemented, each with what to write until then;
    NOT_YET_VALUES names such values of a key. ELSEWHERE says of unknown keys that people try what to write instead.
    OTHER_VALUES says the same of unknown values: which value to use, and why. FORM says what a value may be where that
    is more than a mapping; NO_LIST says why the value is not a list.
    """

    model_config = ConfigDict(
        strict=True, frozen=True, extra="forbid", alias_generator=to_camel, populate_by_name=False, defer_build=True
    )
    NOT_YET: ClassVar[dict[str, str]] = {}
    NOT_YET_VALUES: ClassVar[dict[str, tuple[str, ...]]] = {}
    ELSEWHERE: ClassVar[dict[str, str]] = {}
    OTHER_VALUES: ClassVar[dict[str, dict[str, tuple[str, str]]]] = {}
    FORM: ClassVar[str | None] = None
    NO_LIST: ClassVar[str | None] = None
