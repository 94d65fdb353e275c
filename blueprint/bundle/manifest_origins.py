"""Origins of users' manifests. Every field has its own span, and ten thousand objects have a million fields.

A span is stored here as four numbers instead of four objects. Origins are created on access.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache

from blueprint.bundle.model import FieldOrigin, Path
from blueprint.diagnostics import Span
from blueprint.platform.tracking.sources import Source
from blueprint.source.paths import format_path

_NUMBERS = 4
"""Line, column, end line and end column."""


class ManifestOrigins(Mapping[Path, FieldOrigin]):
    """The origin of each field of one document: its span, and the line that refers to the file.

    Args:
        file: The file that contains the document.
        named: The blueprint line that refers to the file.
        places: Each field with its span in the file. Spans without a field are omitted.
    """

    __slots__ = ("_index", "_numbers", "file", "named")

    def __init__(self, file: str, named: Source, places: Iterable[tuple[Path, Span]]) -> None:
        self.file = file
        self.named = named
        self._numbers = array("I")
        paths: list[Path] = []
        for path, span in places:
            paths.append(path)
            self._numbers.extend(span[1:])
        self._index = _numbered(tuple(paths))

    def __getitem__(self, path: Path) -> FieldOrigin:
        start = self._index[path] * _NUMBERS
        span = Span(self.file, *self._numbers[start : start + _NUMBERS])
        return FieldOrigin(span, (self._source(span, path), self.named))

    def __iter__(self) -> Iterator[Path]:
        return iter(self._index)

    def __len__(self) -> int:
        return len(self._index)

    def spans(self) -> Iterator[Span]:
        """The span of each field, in order."""
        remaining = iter(self._numbers)
        return (Span(self.file, *numbers) for numbers in zip(*[remaining] * _NUMBERS, strict=True))

    def sources(self) -> Iterator[Source]:
        """The source of each field, in order."""
        return map(self._source, self.spans(), self._index)

    @staticmethod
    def _source(span: Span, path: Path) -> Source:
        return Source("manifest", span, format_path(path))


@lru_cache(maxsize=4096)
def _numbered(paths: tuple[Path, ...]) -> Mapping[Path, int]:
    """The index of each path. Cached, because thousands of objects of one kind share a few sets of fields."""
    return {path: number for number, path in enumerate(paths)}
