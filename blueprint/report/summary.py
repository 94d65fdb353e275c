"""A short summary of a run before the findings, and groups of findings that differ only in the object."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from blueprint.diagnostics import Diagnostic
from blueprint.records import Record
from blueprint.wording import counted, first_few

_MOST_WRITERS = 5
_ALIKE = 3
"""The minimum number of findings that differ only in their object to be grouped."""
_NAMED = 3


class Summary(Record):
    """`headline` counts findings by danger; `writers` contains the number of findings of each writer, and since
    when.
    """

    headline: str
    writers: tuple[tuple[str, str], ...] = ()
    restarts: str = ""


class Group(Record):
    """A finding, and the objects of others that are otherwise equal."""

    first: Diagnostic
    others: tuple[str, ...] = ()

    @property
    def in_words(self) -> str:
        """`and 9 more of pool train: train-1, train-2, train-3 and 6 more (-v)`; empty for a single one."""
        if not self.others:
            return ""
        pool = dict(self.first.evidence).get("pool")
        names = [name.removeprefix("Node/") for name in self.others]
        return f"and {len(names)} more{f' of pool {pool}' if pool else ''}: {first_few(names, _NAMED)} (-v)"


def summary_of(findings: Sequence[Diagnostic]) -> Summary | None:
    """The summary of findings with writers; None if they have none, or are too few to need one."""
    written = [each for each in findings if dict(each.evidence).keys() & {"writer", "class"}]
    if len(written) <= 1:
        return None
    objects = counted(len({each.subject for each in written}), "object")
    dangers = Counter(each.danger.value if each.danger else "other" for each in written)
    by_danger = ", ".join(f"{number} {danger}" for danger, number in _in_order(dangers, written))
    known = f": {by_danger}" if dangers.keys() - {"other"} else ""
    return Summary(
        f"{counted(len(written), 'finding')} in {objects}{known}",
        tuple(_writers(written)),
        _restarts(written),
    )


def _in_order(dangers: Counter[str], written: Sequence[Diagnostic]) -> list[tuple[str, int]]:
    """The worst danger first; findings without one last."""
    order = dict.fromkeys(each.danger.value for each in sorted(written, key=lambda d: d.sort_key) if each.danger)
    return [(danger, dangers[danger]) for danger in (*order, "other") if dangers[danger]]


def _writers(written: Sequence[Diagnostic]) -> list[tuple[str, str]]:
    since: dict[str, list[str]] = {}
    for each in written:
        facts = dict(each.evidence)
        since.setdefault(facts.get("writer", "unknown (not recorded)"), []).append(facts.get("since", ""))
    most_first = sorted(since.items(), key=lambda item: (-len(item[1]), item[0]))
    lines = [(writer, _since(times)) for writer, times in most_first[:_MOST_WRITERS]]
    if more := most_first[_MOST_WRITERS:]:
        lines.append((f"{len(more)} more writers", counted(sum(len(times) for _, times in more), "finding")))
    return lines


def _since(times: Sequence[str]) -> str:
    known = sorted(time for time in times if time[:1].isdigit())
    return counted(len(times), "finding") + (f", since {known[0]}" if known else "")


def _restarts(written: Sequence[Diagnostic]) -> str:
    """The programs that restart if everything is repaired."""
    return first_few(
        list(dict.fromkeys(text for each in written for name, text in each.evidence if name == "restarts")), 4
    )


def grouped(findings: Sequence[Diagnostic]) -> list[Group]:
    """Findings in order; many that differ only in their object, in one pool, are grouped at the first one."""
    alike: dict[tuple[str, str, str, str], list[Diagnostic]] = {}
    for each in findings:
        alike.setdefault(_likeness(each), []).append(each)
    groups = []
    for members in alike.values():
        if len(members) >= _ALIKE and members[0].subject:
            groups.append(Group(members[0], tuple(each.subject or "" for each in members[1:])))
        else:
            groups += map(Group, members)
    position = {id(each): number for number, each in enumerate(findings)}
    return sorted(groups, key=lambda group: position[id(group.first)])


def _likeness(found: Diagnostic) -> tuple[str, str, str, str]:
    """The key for grouping; a finding without an object equals no other."""
    if not found.subject:
        return (found.code.id, "", "", f"{id(found)}")
    pool = dict(found.evidence).get("pool", "")
    kind = found.subject.partition("/")[0]
    return (found.code.id, pool, f"{kind} {found.path} {found.danger}", found.message.replace(found.subject, ""))
