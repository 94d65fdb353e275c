"""The versions of the language, and the changes between them.

A change is declared once and applied in two ways: to values with locations (`spec.upgrade`, when an older document is
read) and to the text that a user wrote (`spec.rewrite`, for `blueprint convert`).
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from blueprint.diagnostics import Diagnostic, Refused, nearest
from blueprint.records import Record
from blueprint.source.paths import Path
from blueprint.spec import codes
from blueprint.spec.model import API_VERSION

Pattern = str
"""Keys joined by dots; `*` matches any single key: `spec.nodePools.*.gpu`."""


class Rename(Record):
    """The key at `path` is renamed to `to`, at the same location."""

    path: Pattern
    to: str


class Move(Record):
    """The value at `path` moves to `to`, which has as many `*`, for the same keys.

    Missing mappings on the path are added; a mapping that becomes empty is removed.
    """

    path: Pattern
    to: Pattern


class Split(Record):
    """The single value at `path` becomes several keys, as returned by `how`; ValueError explains why this is not
    possible.
    """

    path: Pattern
    into: tuple[str, ...]
    how: Callable[[Any], Mapping[str, Any]]

    def parts(self, value: Any) -> dict[str, Any]:
        """The new keys and their values. `null` removes the values of lower layers, so it removes all of them."""
        return dict.fromkeys(self.into) if value is None else dict(self.how(value))


class NullRemoves(Record):
    """`null` at `path` removes `keys`, because the mapping now contains more keys."""

    path: Pattern
    keys: tuple[str, ...]

    def parts(self) -> dict[str, None]:
        """The contents of `path` instead of `null`."""
        return dict.fromkeys(self.keys)


class NewDefault(Record):
    """The default of `path` has changed: an earlier blueprint keeps the value `earlier`.

    A default is below all layers, so this does not change a single document: it is added after merging.
    """

    path: Pattern
    earlier: Any


Change = Rename | Move | Split | NullRemoves | NewDefault


class ConversionStep(Record):
    """The changes from one version to the next, in the order in which they are applied.

    Attributes:
        older: The earlier version.
        newer: The later version.
        changes: The changes.
        added: Keys that the earlier version does not have; a document that sets one is rejected.
        named_clouds: Whether `extends` could set a cloud through a ready-made overlay, which `cluster` now does.
    """

    older: str
    newer: str
    changes: tuple[Change, ...]
    added: tuple[Pattern, ...] = ()
    named_clouds: bool = False


class Language(Record):
    """All versions, oldest first, each except the last with its conversion step."""

    versions: tuple[str, ...]
    steps: tuple[ConversionStep, ...] = ()

    def __post_init__(self) -> None:
        """Check that every version has a conversion; a missing one is a bug."""
        if [(step.older, step.newer) for step in self.steps] != list(
            zip(self.versions, self.versions[1:], strict=False)
        ):
            raise ValueError("each version but the last needs the step that leads on")

    @property
    def current(self) -> str:
        """The version that the models read."""
        return self.versions[-1]

    def way(self, older: str, newer: str) -> tuple[ConversionStep, ...]:
        """The steps from one version to another. Raises ValueError if one is unknown, or the order is reversed."""
        for version in (older, newer):
            if version not in self.versions:
                raise ValueError(f"there is no version {version}")
        first, last = self.versions.index(older), self.versions.index(newer)
        if first > last:
            raise ValueError(f"{older} is newer than {newer}, and there is no way back")
        return self.steps[first:last]


_STACKS = {
    "clusterPolicy": {"gpuStack": "operator", "allocation": "devicePlugin"},
    "gpuCluster": {"gpuStack": "operator", "allocation": "dra"},
    "standalone": {"gpuStack": "standalone", "allocation": "devicePlugin"},
}


def _stack(value: Any) -> Mapping[str, Any]:
    """A single value used to determine who runs the stack and how pods get GPUs. Both keys are always set, so that
    overlays replace both.

    An invalid value stays, and is rejected by name.
    """
    return _STACKS.get(value, {"gpuStack": value}) if isinstance(value, str) else {"gpuStack": value}


V1ALPHA1: Final = "gpublueprint.dev/v1alpha1"
LANGUAGE = Language(
    (V1ALPHA1, API_VERSION),
    (
        ConversionStep(
            V1ALPHA1,
            API_VERSION,
            (
                Split("spec.gpuStack", ("gpuStack", "allocation"), _stack),
                NullRemoves("spec.nodePools.*.owner", ("toolkit", "devicePlugin")),
                Move("spec.nodePools.*.driver.owner", "spec.nodePools.*.owner.driver"),
                NewDefault("spec.nodeLabels", "provisioner"),
            ),
            added=(
                "spec.allocation", "spec.computeDomains", "spec.poolLabel", "spec.poolDefaults", "spec.delivery",
                "spec.nodePools.*.allocation", "spec.nodePools.*.owner.driver",
            ),
            named_clouds=True,
        ),
    ),
)  # fmt: skip
"""The current language."""


def version_named(wanted: str | None, language: Language, option: str) -> str:
    """The full apiVersion for the value of a command line option, by default the current one. Raises Refused."""
    known = {version.rpartition("/")[2]: version for version in language.versions}
    if wanted is None:
        return language.current
    if found := known.get(wanted) or (wanted if wanted in language.versions else None):
        return found
    near = nearest(wanted, known)
    message = f"{option} {wanted}: there is no such version" + (f"; did you mean {near}?" if near else "")
    found_wrong = Diagnostic(codes.UNKNOWN_VERSION, message, help=f"known: {', '.join(known)}")
    raise Refused(found_wrong, exit_code=2)


def matches(data: Any, pattern: Pattern) -> list[Path]:
    """The paths in plain data that match a pattern."""
    return list(_matches(data, pattern.split("."), ()))


def _matches(data: Any, keys: list[str], at: Path) -> Iterator[Path]:
    if not keys:
        yield at
    elif isinstance(data, dict):
        for key in list(data) if keys[0] == "*" else [keys[0]] if keys[0] in data else []:
            yield from _matches(data[key], keys[1:], (*at, key))


def target(change: Move, path: Path) -> Path:
    """The new path of the value at `path`."""
    starred = iter([step for key, step in zip(change.path.split("."), path, strict=True) if key == "*"])
    return tuple(next(starred) if key == "*" else key for key in change.to.split("."))


def removed(data: Any, change: Move) -> list[Path]:
    """The paths at which a move must remove values of lower layers: targets whose old path is below a null key."""
    old, new = change.path.split("."), change.to.split(".")
    shared = next((n for n, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), 0)
    stars = new.count("*")
    found = []
    for end in range(shared + 1, len(old)):
        for path in matches(data, ".".join(old[:end])):
            starred = [step for key, step in zip(old, path, strict=False) if key == "*"]
            if value_at(data, path) is None and len(starred) == stars:
                steps = iter(starred)
                found.append(tuple(next(steps) if key == "*" else key for key in new))
    return found


def value_at(data: Any, path: Path) -> Any:
    """The plain value at an existing path."""
    for step in path:
        data = data[step]
    return data


def emptied(data: Any, path: Path) -> Path:
    """The part that is removed with the entry at `path`: the entry itself, or the outermost mapping that contains
    nothing else.
    """
    for end in range(len(path) - 1, 0, -1):
        here = data
        for step in path[:end]:
            here = here[step]
        if len(here) > 1:
            return path[: end + 1]
    return path[:1]
