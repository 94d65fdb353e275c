"""Expected writes by servers and controllers, read from data files, each with reason and source.

`writers/*.yaml` contain one file per program; writes by a component's operator are in `expected.yaml` in its folder. An
entry lists kinds, whole paths, writers and, if there are few, values. Clients choose their manager names themselves, so
a name alone never excuses a change of arbitrary fields.
"""

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
from blueprint.patterns import lazy_pattern
from blueprint.records import Record, field

_STEP = lazy_pattern(r"\[([^\]]+)\]|([^.\[\]]+)")
_NO_WRITER = Writer("", "", "", "")


class ExpectedWrite(Record, kw_only=True):
    """Fields that a program is expected to set. Names and values are shell patterns.

    Attributes:
        kinds: `Kind`, `Kind.group`, or `*` for every kind with these fields.
        fields: Paths in readable form, `webhooks[*].clientConfig.caBundle`, with `*` for any list item. They include
            everything below, unless `values` specifies the value.
        reason: Why this is not drift; completes "written by ...:".
        values: The allowed values; empty means any. A live list must not contain items, or a map keys, that are not
            listed here.
        managers: Field managers, if they differ from those of the file.
        subresources: The subresources through which they write; the empty one is the object itself.
        where: Further conditions on the live object.
        distributions: The Kubernetes distributions of the blueprint; empty means any.
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
    """The expected writes of one program, with its field managers and the source."""

    writer: Text
    managers: tuple[Text, ...]
    source: Text
    writes: tuple[ExpectedWrite, ...]


class ExpectedField(Record):
    """One field of one entry, prepared for matching."""

    path: tuple[str, ...]
    managers: tuple[str, ...]
    write: ExpectedWrite

    def allows(self, path: Path, value: Any, writer: Writer, live: Mapping[str, Any], distribution: str) -> bool:
        """Whether this writer may have written this value at this path, or, if any value is allowed, below it."""
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
    """All rules, by kind. Read when the first undeclared field is found."""
    found: dict[str, list[ExpectedField]] = {}
    for file in rule_files():
        writes = read(file, ExpectedWrites)
        for write in writes.writes:
            rules = [ExpectedField(steps(text), write.managers or writes.managers, write) for text in write.fields]
            for kind in write.kinds:
                found.setdefault(kind, []).extend(rules)
    return {kind: tuple(rules) for kind, rules in found.items()}


def rule_files() -> Iterator[File]:
    """The shipped files of writers, then those of the components."""
    yield from sorted((File(__file__).parent / "writers").glob("*.yaml"))
    yield from sorted(data_folder("components").glob("*/expected.yaml"))


def steps(text: str) -> tuple[str, ...]:
    """The steps of a path: `metadata.labels[a.b/c]` has three."""
    return tuple(match[1] or match[2] for match in _STEP.finditer(text))


def _like(want: Any, have: Any) -> bool:
    """Whether `have` contains nothing beyond what the pattern allows."""
    if isinstance(want, Mapping):
        return isinstance(have, Mapping) and all(key in want and _like(want[key], have[key]) for key in have)
    if isinstance(want, list):
        return isinstance(have, list) and all(any(_like(each, item) for each in want) for item in have)
    return not isinstance(have, Mapping | list) and fnmatchcase(_text(have), _text(want))


def holds(live: Any, want: Any) -> bool:
    """Whether the object contains at least everything in the pattern."""
    if isinstance(want, Mapping):
        return isinstance(live, Mapping) and all(key in live and holds(live[key], want[key]) for key in want)
    return _text(live) == _text(want)


def _text(scalar: Any) -> str:
    return str(scalar).lower() if isinstance(scalar, bool) else str(scalar)
