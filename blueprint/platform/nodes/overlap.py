"""Finds pools whose selectors match the same nodes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

Label = tuple[str, str]


def overlapping(selectors: Mapping[str, Mapping[str, str]]) -> list[tuple[str, str]]:
    """Pairs of names of which one selector contains all labels of the other, in input order.

    Each selector is indexed by its rarest label, which any selector that contains it has as well. A thousand pools with
    individual labels, whatever else they share, therefore need hardly any comparisons.
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
