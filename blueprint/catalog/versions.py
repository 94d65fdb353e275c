"""An older version of a component, as a document that contains only the differences from the newest version."""

from __future__ import annotations

from typing import Any

from blueprint.diagnostics import Span
from blueprint.source.document import Document
from blueprint.source.paths import Path


class _Layered(Document, kw_only=True):
    """The merged data. The span of a value is in the upper document if the value is there, otherwise in the lower
    one.
    """

    lower: Document
    overrides: Any

    def span(self, path: Path = ()) -> Span:
        """The span of the value at `path`."""
        return super().span(path) if self._overrides(path) else self.lower.span(path)

    def key_span(self, path: Path) -> Span:
        """The span of the last key of `path`."""
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
    """`upper` merged over `lower`: maps by key, everything else replaced, null removes a key."""
    merged = _merged(lower.data, upper.data)
    return _Layered(upper.file, upper.text, merged, upper.marks, lower=lower, overrides=upper.data)


def _merged(lower: Any, upper: Any) -> Any:
    if not isinstance(lower, dict) or not isinstance(upper, dict):
        return upper
    found = {key: _merged(lower.get(key), value) for key, value in upper.items()}
    return {key: value for key, value in {**lower, **found}.items() if value is not None or key not in upper}
