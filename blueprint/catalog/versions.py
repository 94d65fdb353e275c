"""An older version of a component as a document over that of the newest: it says only what differs."""

from __future__ import annotations

from typing import Any

from blueprint.diagnostics import Span
from blueprint.source.document import Document
from blueprint.source.paths import Path


class _Layered(Document, kw_only=True):
    """The merged data; a value's place is in the upper document where that says it, otherwise in the lower one."""

    lower: Document
    overrides: Any

    def span(self, path: Path = ()) -> Span:
        """Where the value at `path` stands."""
        return super().span(path) if self._overrides(path) else self.lower.span(path)

    def key_span(self, path: Path) -> Span:
        """Where the last key of `path` stands."""
        return super().key_span(path) if self._overrides(path) else self.lower.key_span(path)

    def _overrides(self, path: Path) -> bool:
        here = self.overrides
        for step in path:
            if not isinstance(here, dict):
                return True
            if step not in here:
                return False
            here = here[step]
        return True


def layered(upper: Document, lower: Document) -> Document:
    """`upper` over `lower`: maps merged by key, everything else replaced, null takes a key away."""
    merged = _merged(lower.data, upper.data)
    return _Layered(upper.file, upper.text, merged, upper.marks, lower=lower, overrides=upper.data)


def _merged(lower: Any, upper: Any) -> Any:
    if not isinstance(lower, dict) or not isinstance(upper, dict):
        return upper
    found = {key: _merged(lower.get(key), value) for key, value in upper.items()}
    return {key: value for key, value in {**lower, **found}.items() if value is not None or key not in upper}
