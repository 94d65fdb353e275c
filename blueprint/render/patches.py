"""Applies a component's patches to its objects: JSON merge patches with the blueprint's line as the origin of each
field.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from blueprint.bundle.model import FieldOrigin, Object
from blueprint.diagnostics import Diagnostic, Note, nearest
from blueprint.platform.components.model import PlatformComponent
from blueprint.platform.tracking.recorder import recording
from blueprint.platform.tracking.sources import WRITTEN, Sources, by_relevance, flatten
from blueprint.platform.tracking.tracked import Origins, plain
from blueprint.records import replace
from blueprint.render import codes
from blueprint.source.document import walk
from blueprint.source.paths import Path, format_path
from blueprint.spec.components import Patch

_RENAME = "to create another object, write it in full under extraManifests"
_IDENTITY: tuple[Path, ...] = (("apiVersion",), ("kind",), ("metadata", "name"), ("metadata", "namespace"))


def apply_patches(
    objects: list[Object], component: PlatformComponent, origins: Origins
) -> tuple[list[Object], list[Diagnostic]]:
    """The objects with all patches of the component applied, in order, and diagnostics about patches that do not
    apply.
    """
    found: list[Diagnostic] = []
    patched = list(objects)
    earlier: dict[tuple[int, Path], tuple[Any, Path]] = {}
    for index, patch in enumerate(component.patches):
        at: Path = ("spec", "components", component.name, "patches", index)
        with recording() as target:
            matches = [i for i, obj in enumerate(patched) if _matches(obj, patch)]
        if len(matches) != 1:
            found.append(_no_single_match(patch, patched, matches, origins, at))
            continue
        merge, before = _in_order(plain(patch.merge)), patched[matches[0]]
        found += _disagreements(merge, matches[0], earlier, origins, at)
        patched[matches[0]] = after = _Merging(origins, at, tuple(target), found).apply(before, merge)
        if after.data == before.data and after is not before:
            message = f"this patch does not change {before.id}"
            span = origins.key((*at, "merge"))
            found.append(Diagnostic(codes.PATCH_WITHOUT_EFFECT, message, at=span, path=format_path((*at, "merge")),
                                    help="remove the patch"))  # fmt: skip
    return patched, found


def _disagreements(
    merge: Any, index: int, earlier: dict[tuple[int, Path], tuple[Any, Path]], origins: Origins, at: Path
) -> Iterator[Diagnostic]:
    """Fields for which an earlier patch of the same object sets another value; `earlier` contains all previous ones."""
    for path, value in walk(merge):
        if isinstance(value, dict):
            continue
        known, where = earlier.setdefault((index, path), (value, at))
        if known != value:
            here = (*at, "merge", *path)
            message = f"{format_path(path)} is {_shown(value)} in this patch, but {_shown(known)} in an earlier one"
            notes = (Note("the earlier patch", origins.source((*where, "merge", *path)).span),)
            yield Diagnostic(codes.PATCHES_DISAGREE, message, at=origins.source(here).span, path=format_path(here),
                             help="remove one of the two", notes=notes)  # fmt: skip


def _shown(value: Any) -> str:
    return "removed" if value is None else str(value)


def _in_order(value: Any) -> Any:
    """The value with sorted keys, so that the result does not depend on the order in the patch."""
    if isinstance(value, dict):
        return {key: _in_order(value[key]) for key in sorted(value)}
    return [_in_order(item) for item in value] if isinstance(value, list) else value


def _matches(obj: Object, patch: Patch) -> bool:
    target = patch.target
    return (obj.id.kind, obj.id.name) == (target.kind, target.name) and target.namespace in (None, obj.id.namespace)


def _no_single_match(patch: Patch, objects: list[Object], matches: list[int], origins: Origins, at: Path) -> Diagnostic:
    target = f"{patch.target.kind}/{patch.target.name}"
    path = format_path((*at, "target"))
    span = origins.source((*at, "target", _wrong_part(patch, objects))).span
    if matches:
        places = ", ".join(objects[i].id.namespace for i in matches)
        return Diagnostic(codes.PATCH_AMBIGUOUS, f"{target} exists in several namespaces: {places}", at=span, path=path)
    same_kind = sorted(str(obj.id) for obj in objects if obj.id.kind == patch.target.kind)
    near = nearest(target, [f"{obj.id.kind}/{obj.id.name}" for obj in objects])
    help_ = f"objects of that kind: {', '.join(same_kind)}" if same_kind else f"no {patch.target.kind} is rendered"
    hint = f"; did you mean {near}?" if near else ""
    return Diagnostic(codes.PATCH_MATCHES_NOTHING, f"{target} is not rendered{hint}", at=span, path=path, help=help_)


def _wrong_part(patch: Patch, objects: list[Object]) -> str:
    """The key of the target that does not match."""
    kinds = {obj.id.kind for obj in objects}
    names = {(obj.id.kind, obj.id.name) for obj in objects}
    if patch.target.kind not in kinds:
        return "kind"
    return "namespace" if (patch.target.kind, patch.target.name) in names and patch.target.namespace else "name"


class _Merging:
    """One patch for one object (RFC 7386), which records the origin of each changed field."""

    def __init__(self, origins: Origins, at: Path, target: Sources, found: list[Diagnostic]) -> None:
        self.origins = origins
        self.at = (*at, "merge")
        self.reason = replace(origins.source((*at, "reason")), layer="patch")
        written = (source for source in flatten(by_relevance(target)) if source.layer in WRITTEN)
        self.target = tuple(replace(source, layer="patch") for source in written)
        self.found = found
        self.fields: dict[Path, FieldOrigin] = {}

    def apply(self, obj: Object, patch: dict[str, Any]) -> Object:
        """The patched object."""
        for path in _IDENTITY:
            if _has(patch, path):
                message = f"a patch cannot change {format_path(path)} of {obj.id}"
                span = self.origins.key((*self.at, *path))
                self.found.append(
                    Diagnostic(
                        codes.PATCH_IDENTITY, message, at=span, path=format_path((*self.at, *path)), help=_RENAME
                    )
                )
                return obj
        self.fields = dict(obj.origins)
        data = self._merged(obj.data, patch, ())
        return Object(data, obj.component, self.fields)

    def _merged(self, target: Any, patch: Any, path: Path) -> Any:
        if not isinstance(patch, dict):
            self._forget(path)
            self.fields |= {part: self._origin(part) for part, _ in walk(patch, path)}
            return patch
        if not isinstance(target, dict):
            self._forget(path)
            self.fields[path] = self._origin(path)
        merged = dict(target) if isinstance(target, dict) else {}
        for key, value in patch.items():
            at = (*path, key)
            if value is None:
                merged.pop(key, None)
                self._forget(at)
                self._removed(at, path)
            else:
                merged[key] = self._merged(merged.get(key), value, at)
        return merged

    def _removed(self, path: Path, container: Path) -> None:
        """Record the removal in the container."""
        origin, known = self._origin(path), self.fields.get(container)
        self.fields[container] = replace(origin, noted=(*origin.noted, *(known.noted if known else ())))

    def _forget(self, path: Path) -> None:
        """Remove the origins of the parts of a value that is replaced as a whole."""
        for known in [known for known in self.fields if known[: len(path)] == path]:
            del self.fields[known]

    def _origin(self, path: Path) -> FieldOrigin:
        source = replace(self.origins.source((*self.at, *path)), layer="patch")
        return FieldOrigin(source.span, (source, self.reason, *self.target))


def _has(patch: Any, path: Path) -> bool:
    """Whether the patch sets something at the path: a value, a null, or a value other than a map above it."""
    for step in path:
        if not isinstance(patch, dict):
            return True
        if step not in patch:
            return False
        patch = patch[step]
    return True
