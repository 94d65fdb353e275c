"""Finds pools whose selectors choose the same nodes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

Label = tuple[str, str]


def overlapping(selectors: Mapping[str, Mapping[str, str]]) -> list[tuple[str, str]]:
    """Pairs of names of which one selector holds all labels of the other, in the order of the names given.

    Each selector is filed under the rarest of its labels: one that holds it all has that label too. So a thousand
    pools with a label of their own, whatever they share, are compared with hardly any other.
    """
    labels = {name: frozenset(selector.items()) for name, selector in selectors.items()}
    seen = Counter(label for each in labels.values() for label in each)
    filed: dict[Label, list[str]] = {}
    for name, each in labels.items():
        if each:
            filed.setdefault(min(each, key=lambda label: (seen[label], label)), []).append(name)
    place = {name: index for index, name in enumerate(labels)}
    pairs = {
        tuple(sorted((place[name], place[other])))
        for name, each in labels.items()
        for label in each
        for other in filed.get(label, ())
        if other != name and labels[other] <= each
    }
    names = list(labels)
    return [(names[first], names[second]) for second, first in sorted((b, a) for a, b in pairs)]
