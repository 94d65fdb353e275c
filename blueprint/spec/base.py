"""The base class of all models of the blueprint language."""

import os
import sys
from types import ModuleType
from typing import ClassVar

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel


def _without_plugins() -> None:
    """Disable pydantic's plugins: validation must not depend on what is installed.

    The module that would search for them imports the reader of package metadata even if plugins are disabled, which
    takes a thirtieth of `validate`. If pydantic has no such module, the variable alone decides.
    """
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    finder = ModuleType("pydantic.plugin._loader")
    finder.get_plugins = tuple  # type: ignore[attr-defined]
    sys.modules.setdefault(finder.__name__, finder)


_without_plugins()


class Model(BaseModel):
    """The strict, frozen base model; keys are camelCase in YAML and snake_case here.

    NOT_YET lists keys that belong to the language but are not implemented, each with an alternative; NOT_YET_VALUES
    lists such values of a key. ELSEWHERE lists unknown keys that users try, with what to write instead. OTHER_VALUES
    lists unknown values, with the value to use and the reason. OTHER_FORMS lists, for a key with a form, patterns of
    what users write instead, each with its replacement or None, and with a help text or None. FORM describes the
    possible forms of a value, if it is more than a mapping; NO_LIST explains why the value is not a list.
    """

    model_config = ConfigDict(
        strict=True, frozen=True, extra="forbid", alias_generator=to_camel, populate_by_name=False, defer_build=True
    )
    NOT_YET: ClassVar[dict[str, str]] = {}
    NOT_YET_VALUES: ClassVar[dict[str, tuple[str, ...]]] = {}
    ELSEWHERE: ClassVar[dict[str, str]] = {}
    OTHER_VALUES: ClassVar[dict[str, dict[str, tuple[str, str]]]] = {}
    OTHER_FORMS: ClassVar[dict[str, tuple[tuple[str, str | None, str | None], ...]]] = {}
    FORM: ClassVar[str | None] = None
    NO_LIST: ClassVar[str | None] = None
