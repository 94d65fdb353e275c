"""Texts that people read, made from Jinja2 templates that stand beside the code that fills them.

Templates are shipped files and trusted; what is put into them is not. In HTML every value is escaped, unless a filter
has made markup of it. The code that Jinja2 makes of a template is cached on disk, as that of expressions is.
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
        folder: Where they are.
        html: Whether they are HTML: then what is put into them is escaped.
        shown: How a text from outside is made harmless before it is put into a template.
        filters: Further filters, by name. One that gives `Markup` is not escaped.
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
        """The template of that name with those values. Raises jinja2.UndefinedError for a name that has none."""
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
    """Keeps the code of templates where the tool keeps all that it makes of shipped files."""

    def load_bytecode(self, bucket: Bucket) -> None:
        """Use what was made of the same text."""
        bucket.code = _CODE.get(bucket.key, bucket.checksum.encode())

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep what was made."""
        _CODE.put(bucket.key, bucket.checksum.encode(), bucket.code)
