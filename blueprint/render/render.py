"""Renders a platform: the CRDs and templates of all managed components, their patches, and the user's own manifests."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from blueprint.bundle.model import FieldOrigin, Object, ObjectId
from blueprint.catalog.kinds import Kind
from blueprint.data import data_folder, shown
from blueprint.diagnostics import Diagnostic, Span
from blueprint.kubernetes.crds import load_crd
from blueprint.kubernetes.stages import CONFIGURED, rank_of
from blueprint.platform.components.model import PlatformComponent
from blueprint.platform.model import Platform
from blueprint.platform.tracking.recorder import decided_by, recording
from blueprint.platform.tracking.sources import Sources, by_relevance
from blueprint.render.canonical import canonical
from blueprint.render.engine import render
from blueprint.render.expressions import OMIT, compile_expression
from blueprint.render.extra import extra_objects
from blueprint.render.patches import apply_patches
from blueprint.render.source_order import value_first
from blueprint.render.template import load_template
from blueprint.source.layers import Layered
from blueprint.source.paths import Path


def render_platform(platform: Platform, layered: Layered) -> tuple[list[Object], list[Diagnostic]]:
    """All objects in apply order, and diagnostics. Raises Refused (exit 70) if a template fails."""
    objects: list[Object] = []
    found: list[Diagnostic] = []
    for component in platform.components.values():
        if component.ownership == "managed":
            made, problems = render_component(component, platform)
            objects += made
            found += problems
    extra, problems = extra_objects(layered)
    found += problems
    order = [*platform.components]
    kinds = {name: kind for each in platform.components.values() for name, kind in each.component.kinds.items()}
    ordered = sorted([*objects, *extra], key=lambda obj: _order(obj, order, kinds))
    return value_first(ordered, layered.texts), found


def render_component(component: PlatformComponent, platform: Platform) -> tuple[list[Object], list[Diagnostic]]:
    """The objects of one managed component, and diagnostics about patches that do not apply. Raises Refused (exit
    70).
    """
    return apply_patches(list(_component(component, platform)), component, platform.origins)


def _component(component: PlatformComponent, platform: Platform) -> Iterator[Object]:
    with recording() as decided:
        decided_by(component.ownership, component.requested)
    with recording() as switched:
        crds = component.crds
    context: dict[str, Any] = {"platform": platform, "component": component}
    context["derived"] = Derived(component.component.derived, context)
    annotations = Derived(component.component.crd_annotations, context)
    for crd in crds:
        sources = [*decided, *switched] if component.is_conditional(crd) else decided
        yield _crd(crd, component, annotations, tuple(sources))
    for file in component.template_files():
        for template in load_template(file):
            for rendered in render(template, context):
                root = rendered.origins[()]
                origins = {**rendered.origins, (): FieldOrigin(root.template, by_relevance([*root.noted, *decided]))}
                yield Object(canonical(rendered.data), component.name, origins)


class Derived:
    """A component's shared expressions by name, evaluated on access."""

    def __init__(self, expressions: Mapping[str, str], context: Mapping[str, Any]) -> None:
        self._expressions = expressions
        self._context = context

    def __iter__(self) -> Iterator[str]:
        return iter(self._expressions)

    def __getattr__(self, name: str) -> Any:
        if name not in self._expressions:
            raise AttributeError(name)
        return self[name]

    def __getitem__(self, name: str) -> Any:
        return compile_expression(self._expressions[name].strip().removeprefix("{{").removesuffix("}}"))(self._context)


def _crd(name: str, component: PlatformComponent, annotations: Derived, decided: Sources) -> Object:
    group, *version, plural = name.removesuffix(".yaml").split("/")
    data = load_crd(group, plural, *version)
    span = Span(shown(data_folder("schemas") / "crds" / name), 1, 1, 1, 1)
    with recording() as which:
        decided_by(component.version)  # the version to which this CRD belongs
    origins: dict[Path, FieldOrigin] = {(): FieldOrigin(span, by_relevance([*which, *decided]))}
    labels = component.labels
    for key in labels:
        with recording() as sources:
            decided_by(labels[key])
        origins[("metadata", "labels", key)] = FieldOrigin(span, by_relevance(sources))
    data = {**data, "metadata": {**data["metadata"], "labels": dict(labels)}}
    for key in annotations:
        with recording() as sources:
            value = annotations[key]
        if value is not OMIT:
            data["metadata"].setdefault("annotations", {})[key] = value
            origins[("metadata", "annotations", key)] = FieldOrigin(span, by_relevance(sources))
    return Object(canonical(data), component.name, origins)


def _order(obj: Object, components: list[str], kinds: Mapping[str, Kind]) -> tuple[int, int, int, str, ObjectId]:
    rank = rank_of(obj.id, kinds)
    place = components.index(obj.component) if obj.component in components else len(components)
    return (min(rank, CONFIGURED), place, rank, obj.id.kind, obj.id)
