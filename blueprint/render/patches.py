"""Apply a component's patches to its objects: JSON merge patches whose every field remembers the blueprint's line."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from blueprint.diagnostics import Diagnostic, nearest
from blueprint.platform.component import PlatformComponent
from blueprint.platform.origin import Source
from blueprint.platform.reads import Origins, plain
from blueprint.render import codes
from blueprint.render.model import FieldOrigin, Object
from blueprint.source.paths import Path, format_path
from blueprint.spec import Patch

_IDENTITY: tuple[Path, ...] = (("apiVersion",), ("kind",), ("metadata", "name"), ("metadata", "namespace"))


def apply_patches(
    objects: list[Object], component: PlatformComponent, origins: Origins
) -> tuple[list[Object], list[Diagnostic]]:
    """The objects with every patch of the component applied, in order, and the patches that cannot be."""
    found: list[Diagnostic] = []
    patched = list(objects)
    for index, patch in enumerate(component.patches):
        at: Path = ("spec", "components", component.name, "patches", index)
        matches = [i for i, obj in enumerate(patched) if _matches(obj, patch)]
        if len(matches) != 1:
            found.append(_no_single_match(patch, patched, matches, origins, at))
            continue
        merging = _Merging(origins, at, found)
        patched[matches[0]] = merging.apply(patched[matches[0]], plain(patch.merge))
    return patched, found


def _matches(obj: Object, patch: Patch) -> bool:
    target = patch.target
    return (obj.id.kind, obj.id.name) == (target.kind, target.name) and target.namespace in (None, obj.id.namespace)


def _no_single_match(patch: Patch, objects: list[Object], matches: list[int], origins: Origins, at: Path) -> Diagnostic:
    target = f"{patch.target.kind}/{patch.target.name}"
    path = format_path((*at, "target"))
    span = origins.source((*at, "target", "name")).span
    if matches:
        places = ", ".join(objects[i].id.namespace for i in matches)
        return Diagnostic(codes.PATCH_AMBIGUOUS, f"{target} is in several namespaces: {places}", at=span, path=path)
    same_kind = sorted(str(obj.id) for obj in objects if obj.id.kind == patch.target.kind)
    near = nearest(target, [f"{obj.id.kind}/{obj.id.name}" for obj in objects])
    help_ = f"of that kind: {', '.join(same_kind)}" if same_kind else f"nothing of kind {patch.target.kind} is rendered"
    hint = f"; did you mean {near}?" if near else ""
    return Diagnostic(codes.PATCH_MATCHES_NOTHING, f"{target} is not rendered{hint}", at=span, path=path, help=help_)


class _Merging:
    """One patch over one object (RFC 7386), noting where each changed field comes from."""

    def __init__(self, origins: Origins, at: Path, found: list[Diagnostic]) -> None:
        self.origins = origins
        self.at = (*at, "merge")
        self.reason = replace(origins.source((*at, "reason")), layer="patch")
        self.found = found
        self.fields: dict[Path, FieldOrigin] = {}

    def apply(self, obj: Object, patch: dict[str, Any]) -> Object:
        """The patched object."""
        for path in _IDENTITY:
            if _has(patch, path):
                message = f"a patch cannot change {format_path(path)} of {obj.id}"
                span = self.origins.key((*self.at, *path))
                self.found.append(
                    Diagnostic(codes.PATCH_IDENTITY, message, at=span, path=format_path((*self.at, *path)))
                )
                return obj
        self.fields = dict(obj.origins)
        data = self._merged(obj.data, patch, ())
        return Object(data, obj.component, self.fields)

    def _merged(self, target: Any, patch: Any, path: Path) -> Any:
        if not isinstance(patch, dict):
            self.fields[path] = self._origin(path)
            return patch
        merged = dict(target) if isinstance(target, dict) else {}
        if not isinstance(target, dict):
            self.fields[path] = self._origin(path)
        for key, value in patch.items():
            at = (*path, key)
            if value is None:
                merged.pop(key, None)
                self.fields[path] = self._origin(at)
            else:
                self._forget(at, value)
                merged[key] = self._merged(merged.get(key), value, at)
        return merged

    def _forget(self, path: Path, value: Any) -> None:
        """What is replaced as a whole no longer has the origins of its parts."""
        if not isinstance(value, dict):
            for known in [known for known in self.fields if known[: len(path)] == path]:
                del self.fields[known]

    def _origin(self, path: Path) -> FieldOrigin:
        source = replace(self.origins.source((*self.at, *path)), layer="patch")
        sources: tuple[Source, ...] = (source, self.reason)
        return FieldOrigin(source.span, sources)


def _has(patch: Any, path: Path) -> bool:
    for step in path:
        if not isinstance(patch, dict) or step not in patch:
            return False
        patch = patch[step]
    return True
