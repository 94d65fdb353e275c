"""An index of labelled things, to find those that a selector matches without visiting all of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Generic, TypeVar

T = TypeVar("T")


class LabelIndex(Generic[T]):
    """Things indexed by their labels, in input order."""

    def __init__(self, labelled: Iterable[tuple[T, Mapping[str, str]]]) -> None:
        self._labelled = tuple(labelled)
        self._numbers: dict[tuple[str, str], list[int]] = defaultdict(list)
        for number, (_, labels) in enumerate(self._labelled):
            for label in labels.items():
                self._numbers[label].append(number)

    def matching(self, selector: Mapping[str, str]) -> list[T]:
        """The things with all labels of the selector; all of them if it is empty."""
        if not selector:
            return [thing for thing, _ in self._labelled]
        rarest = min((self._numbers.get(label, []) for label in selector.items()), key=len)
        candidates = (self._labelled[number] for number in rarest)
        return [thing for thing, labels in candidates if selector.items() <= labels.items()]
