"""Texts for users from Jinja2 templates, which are next to the code that fills them.

Templates are shipped files and trusted, but their inputs are not. In HTML every value is escaped, unless a filter has
converted it to markup. The code that Jinja2 generates for a template is cached on disk, like that of expressions.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import jinja2
from jinja2 import BytecodeCache, Environment, FileSystemLoader, StrictUndefined
from jinja2.bccache import Bucket
from markupsafe import Markup

from blueprint.disk_cache import DiskCache

_CODE = DiskCache("text_templates", __file__, extra=jinja2.__version__)


class TextTemplates:
    """The templates of one folder.

    Args:
        folder: Their folder.
        html: Whether they are HTML: then inputs are escaped.
        shown: Makes an external text safe for use in a template.
        filters: Further filters, by name. One that returns `Markup` is not escaped.
    """

    def __init__(
        self,
        folder: Path,
        *,
        html: bool = False,
        shown: Callable[[str], str] = str,
        filters: Mapping[str, Callable[..., Any]] | None = None,
    ) -> None:
        self._folder, self._html, self._shown, self._filters = folder, html, shown, filters or {}

    def render(self, name: str, **values: Any) -> str:
        """Render a template with the given values. Raises jinja2.UndefinedError for a name without a value."""
        return self._environment.get_template(name).render(values)

    @cached_property
    def _environment(self) -> Environment:
        environment = Environment(
            loader=FileSystemLoader(self._folder),
            autoescape=self._html,  # noqa: S701 - off where the text is no HTML
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
            auto_reload=False,
            bytecode_cache=_CachedCode(),
            finalize=self._harmless,
        )
        environment.filters.update(self._filters)
        return environment

    def _harmless(self, value: Any) -> Any:
        return self._shown(value) if isinstance(value, str) and type(value) is not Markup else value


class _CachedCode(BytecodeCache):
    """Stores the code of templates in the tool's cache for shipped files."""

    def load_bytecode(self, bucket: Bucket) -> None:
        """Load the code for the same text."""
        bucket.code = _CODE.get(bucket.key, bucket.checksum.encode())

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Store the generated code."""
        _CODE.put(bucket.key, bucket.checksum.encode(), bucket.code)
