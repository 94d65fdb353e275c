"""A bounded number of findings: no user reads more than a thousand of one kind."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from blueprint.diagnostics.model import Diagnostic

MOST_LISTED = 1_000


def listed(found: Iterable[Diagnostic]) -> Iterator[Diagnostic]:
    """The first thousand findings of each code in a file, and one that represents the rest, as severe as the worst."""
    counts = Counter[tuple[str, str]]()
    worst: dict[tuple[str, str], Diagnostic] = {}
    for each in found:
        key = (each.at.file if each.at else "", each.code.id)
        counts[key] += 1
        if counts[key] <= MOST_LISTED:
            yield each
        elif key not in worst or each.sort_key < worst[key].sort_key:
            worst[key] = each
    for key, each in worst.items():
        text = f"{key[0]}: {counts[key] - MOST_LISTED:,} more findings of this kind, which are not listed"
        yield Diagnostic(each.code, text, override=each.severity)
