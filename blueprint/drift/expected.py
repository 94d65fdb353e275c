"""What servers and controllers write into objects by themselves: read from data, each with reason and source.

`writers/*.yaml` have one file per program; what the operator of a component writes is in `expected.yaml` of its
folder. An entry names kinds, whole paths, writers and, where they are few, values: a manager's name is whatever a
client says of itself, so no name excuses a change of just any field.
"""

import re
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path as File
from typing import Any

from blueprint.bundle.model import ObjectId, Path
from blueprint.catalog.facts import CatalogueFile, Text
from blueprint.catalog.loader import read
from blueprint.data import data_folder
from blueprint.drift.model import Writer
from blueprint.records import Record, field

_STEP = re.compile(r"\[([^\]]+)\]|([^.\[\]]+)")
_NO_WRITER = Writer("", "", "", "")


class ExpectedWrite(Record, kw_only=True):
    """Fields that a program is expected to set. Names and values are shell patterns.

    Attributes:
        kinds: `Kind`, `Kind.group`, or `*` for every kind that has the fields.
        fields: Paths as people write them, `webhooks[*].clientConfig.caBundle`, with `*` for any item of a list. What
            is inside of a field belongs to it, unless `values` says what the field is.
        reason: Why that is no drift, to complete "written by ...:".
        values: What may be written; nothing means anything. A list may hold nothing that is not in the list here, a
            map no key.
        managers: Field managers, if others than those of the file.
        subresources: Through which they write; the empty one is the object itself.
        where: What else the live object must have.
        distributions: Of Kubernetes, for which the blueprint must be made; nothing means any.
    """

    kinds: tuple[Text, ...]
    fields: tuple[Text, ...]
    reason: Text
    values: tuple[Any, ...] = ()
    managers: tuple[Text, ...] = ()
    subresources: tuple[str, ...] = ("",)
    where: Mapping[Text, Any] = field(default_factory=dict)
    distributions: tuple[Text, ...] = ()


class ExpectedWrites(CatalogueFile, kw_only=True):
    """What one program writes: its field managers, and where that was read."""

    writer: Text
    managers: tuple[Text, ...]
    source: Text
    writes: tuple[ExpectedWrite, ...]


class ExpectedField(Record):
    """One field of one entry, ready to be asked."""

    path: tuple[str, ...]
    managers: tuple[str, ...]
    write: ExpectedWrite

    def allows(self, path: Path, value: Any, writer: Writer, live: Mapping[str, Any], distribution: str) -> bool:
        """Whether this writer may have written this value at this path, or, if any value will do, below it."""
        write = self.write
        return (
            (len(path) == len(self.path) if write.values else len(path) >= len(self.path))
            and all(fnmatchcase(str(step), want) for step, want in zip(path, self.path, strict=False))
            and any(fnmatchcase(writer.manager, manager) for manager in self.managers)
            and writer.subresource in write.subresources
            and (not write.values or any(_like(want, value) for want in write.values))
            and (not write.distributions or distribution in write.distributions)
            and holds(live, write.where)
        )


def why_expected(
    identity: ObjectId,
    path: Path,
    value: Any,
    writer: Writer | None,
    live: Mapping[str, Any],
    distribution: str,
) -> str | None:
    """The reason why this writer is expected to have set this undeclared field, or None."""
    kind = f"{identity.kind}.{identity.group}".removesuffix(".")
    rules = (rule for key in (kind, "*") for rule in rules_by_kind().get(key, ()))
    return next(
        (rule.write.reason for rule in rules if rule.allows(path, value, writer or _NO_WRITER, live, distribution)),
        None,
    )


@cache
def rules_by_kind() -> Mapping[str, tuple[ExpectedField, ...]]:
    """Every rule, by the kinds that it names. Read when the first object has something undeclared."""
    found: dict[str, list[ExpectedField]] = {}
    for file in rule_files():
        writes = read(file, ExpectedWrites)
        for write in writes.writes:
            rules = [ExpectedField(steps(text), write.managers or writes.managers, write) for text in write.fields]
            for kind in write.kinds:
                found.setdefault(kind, []).extend(rules)
    return {kind: tuple(rules) for kind, rules in found.items()}


def rule_files() -> Iterator[File]:
    """Our own files of writers, then those of the components."""
    yield from sorted((File(__file__).parent / "writers").glob("*.yaml"))
    yield from sorted(data_folder("components").glob("*/expected.yaml"))


def steps(text: str) -> tuple[str, ...]:
    """The steps of a path: `metadata.labels[a.b/c]` are three."""
    return tuple(match[1] or match[2] for match in _STEP.finditer(text))


def _like(want: Any, have: Any) -> bool:
    """Whether `have` holds nothing beyond what the pattern allows."""
    if isinstance(want, Mapping):
        return isinstance(have, Mapping) and all(key in want and _like(want[key], have[key]) for key in have)
    if isinstance(want, list):
        return isinstance(have, list) and all(any(_like(each, item) for each in want) for item in have)
    return not isinstance(have, Mapping | list) and fnmatchcase(_text(have), _text(want))


def holds(live: Any, want: Any) -> bool:
    """Whether the object has, at least, all that the pattern names."""
    if isinstance(want, Mapping):
        return isinstance(live, Mapping) and all(key in live and holds(live[key], want[key]) for key in want)
    return _text(live) == _text(want)


def _text(scalar: Any) -> str:
    return str(scalar).lower() if isinstance(scalar, bool) else str(scalar)
