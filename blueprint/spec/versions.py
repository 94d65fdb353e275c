"""The versions of the language, and what changed from each to the next.

A change is declared once and carried out twice: on values that know where they stand (`spec.upgrade`, when an older
document is read) and on the text that a person wrote (`spec.rewrite`, for `blueprint convert`).
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from blueprint.diagnostics import Diagnostic, Refused, nearest
from blueprint.records import Record
from blueprint.source.paths import Path
from blueprint.spec import codes
from blueprint.spec.model import API_VERSION

Pattern = str
"""Keys joined by dots; `*` stands for any one key: `spec.nodePools.*.gpu`."""


class Rename(Record):
    """The key at `path` is called `to`, at the same place."""

    path: Pattern
    to: str


class Move(Record):
    """What stands at `path` stands at `to`, with as many `*`, which mean the same keys.

    Mappings on the way there are made; a mapping that is left empty goes.
    """

    path: Pattern
    to: Pattern


class Split(Record):
    """The one value at `path` becomes several keys beside it, `how` says which; ValueError says why it cannot."""

    path: Pattern
    into: tuple[str, ...]
    how: Callable[[Any], Mapping[str, Any]]

    def parts(self, value: Any) -> dict[str, Any]:
        """The new keys and their values. `null` removes what a lower layer says, so it removes all of them."""
        return dict.fromkeys(self.into) if value is None else dict(self.how(value))


class NullRemoves(Record):
    """`null` at `path` removes `keys`: the mapping holds more keys than it did."""

    path: Pattern
    keys: tuple[str, ...]

    def parts(self) -> dict[str, None]:
        """What stands at `path` instead of `null`."""
        return dict.fromkeys(self.keys)


class NewDefault(Record):
    """What `path` means where no document sets it has changed: an earlier blueprint keeps the value `earlier`.

    A default stands below every layer, so this is no change of one document: it is filled in where all are merged.
    """

    path: Pattern
    earlier: Any


Change = Rename | Move | Split | NullRemoves | NewDefault


class ConversionStep(Record):
    """What changed from one version to the next, in the order in which it is carried out.

    Attributes:
        older: The version before.
        newer: The version after.
        changes: The changes.
        added: Keys that the older version does not have; a document of it that sets one is refused.
        named_clouds: Whether `extends` could name a cloud by a ready-made overlay, which `cluster` says since.
    """

    older: str
    newer: str
    changes: tuple[Change, ...]
    added: tuple[Pattern, ...] = ()
    named_clouds: bool = False


class Language(Record):
    """All versions, oldest first, each but the last with the step that leads on."""

    versions: tuple[str, ...]
    steps: tuple[ConversionStep, ...] = ()

    def __post_init__(self) -> None:
        """A version without a way on is a bug."""
        if [(step.older, step.newer) for step in self.steps] != list(
            zip(self.versions, self.versions[1:], strict=False)
        ):
            raise ValueError("each version but the last needs the step that leads on")

    @property
    def current(self) -> str:
        """The version that the models read."""
        return self.versions[-1]

    def way(self, older: str, newer: str) -> tuple[ConversionStep, ...]:
        """The steps from one version to another. ValueError if one is unknown, or the way leads back."""
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
    """One value said who runs the stack and how pods get GPUs. Both keys are always set, so that overlays replace both.

    A value that never existed stays, and is refused by name.
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
"""The language as it is."""


def version_named(wanted: str | None, language: Language, option: str) -> str:
    """The whole apiVersion of what an option of the command line names, by default the current one. Raises Refused."""
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
    """The paths in plain data that a pattern names."""
    return list(_matches(data, pattern.split("."), ()))


def _matches(data: Any, keys: list[str], at: Path) -> Iterator[Path]:
    if not keys:
        yield at
    elif isinstance(data, dict):
        for key in list(data) if keys[0] == "*" else [keys[0]] if keys[0] in data else []:
            yield from _matches(data[key], keys[1:], (*at, key))


def target(change: Move, path: Path) -> Path:
    """Where what stands at `path` goes."""
    starred = iter([step for key, step in zip(change.path.split("."), path, strict=True) if key == "*"])
    return tuple(next(starred) if key == "*" else key for key in change.to.split("."))


def removed(data: Any, change: Move) -> list[Path]:
    """Where a move has to remove what lower layers say: targets whose old place lies below a key that is null."""
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
    """The plain value at a path that exists."""
    for step in path:
        data = data[step]
    return data


def emptied(data: Any, path: Path) -> Path:
    """What goes when the entry at `path` goes: itself, or the outermost mapping that holds nothing else."""
    for end in range(len(path) - 1, 0, -1):
        here = data
        for step in path[:end]:
            here = here[step]
        if len(here) > 1:
            return path[: end + 1]
    return path[:1]
