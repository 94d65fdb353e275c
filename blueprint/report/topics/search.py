"""Finds topics by words, for users who do not know the name of a topic."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from blueprint.records import Record

_MOST = 12


class Explainable(Record):
    """A searchable topic: its group, its name, and a one-sentence description."""

    group: str
    name: str
    about: str = ""


def matching(words: str, entries: Iterable[Explainable]) -> list[Explainable]:
    """The entries with all words in their name; if there are none, those with all words in their description."""
    wanted = [word for word in re.split(r"[\s,]+", words.casefold()) if word]
    known = list(entries)
    if not wanted:
        return []
    named = [each for each in known if _has(each.name, wanted)]
    named.sort(key=lambda each: _distance(each.name.casefold().rpartition(".")[2], wanted))
    return named or [each for each in known if _has(f"{each.name} {each.about}", wanted)]


def _distance(last: str, wanted: list[str]) -> int:
    """The distance of a name from the words: its last part equals one, starts with one, or another part contains it."""
    return 0 if last in wanted else 1 if last.startswith(tuple(wanted)) else 2


def listing(words: str, found: list[Explainable]) -> str:
    """The entries in Markdown, by group."""
    return f"# {len(found)} topics for {words}\n\n" + "\n\n".join(_groups(found))


def _has(text: str, wanted: list[str]) -> bool:
    folded = text.casefold()
    return all(word in folded for word in wanted)


def _groups(found: list[Explainable]) -> Iterator[str]:
    for group in dict.fromkeys(each.group for each in found):
        members = [each for each in found if each.group == group]
        lines = [f"- {each.name}{f': {each.about}' if each.about else ''}" for each in members[:_MOST]]
        if len(members) > _MOST:
            lines.append(f"- ... and {len(members) - _MOST} more")
        yield f"## {group[0].upper()}{group[1:]}\n\n" + "\n".join(lines)
