"""Origins of users' manifests: every field has a place of its own, and ten thousand objects have a million fields.

A place is four numbers here instead of four objects; origins are made of them where somebody asks.
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
    """The origin of each field of one document: its own place, and the line that names the file.

    Args:
        file: The file that the document stands in.
        named: The line of the blueprint that names the file.
        places: Every field with its place in the file, each place only as often as it has fields.
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
        """The place of each field, in order."""
        remaining = iter(self._numbers)
        return (Span(self.file, *numbers) for numbers in zip(*[remaining] * _NUMBERS, strict=True))

    def sources(self) -> Iterator[Source]:
        """The same as sources."""
        return map(self._source, self.spans(), self._index)

    @staticmethod
    def _source(span: Span, path: Path) -> Source:
        return Source("manifest", span, format_path(path))


@lru_cache(maxsize=4096)
def _numbered(paths: tuple[Path, ...]) -> Mapping[Path, int]:
    """The paths with their numbers. Ten thousand objects of a kind have few sets of fields between them."""
    return {path: number for number, path in enumerate(paths)}
