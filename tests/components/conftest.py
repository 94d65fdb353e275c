"""Render a blueprint given as text, through every phase up to the objects."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from blueprint.bundle.model import Object
from blueprint.catalog.catalog import load_catalog
from blueprint.diagnostics import has_errors
from blueprint.platform.model import Platform
from blueprint.platform.resolve import resolve
from blueprint.render.render import render_platform
from blueprint.source.files import MemoryFiles
from blueprint.source.layers import load_layers
from blueprint.spec.parse import parse_blueprint
from tests.support.platforms import NAME


@pytest.fixture
def render_platform_of() -> Callable[[str], tuple[Platform, list[Object]]]:
    """The platform and its objects in apply order; anything that is an error fails the test."""

    def rendered(text: str) -> tuple[Platform, list[Object]]:
        layered = load_layers(NAME, files=MemoryFiles({NAME: text}))
        blueprint, mistakes, _ = parse_blueprint(layered)
        assert blueprint, mistakes
        platform, misfits = resolve(blueprint, layered.root, load_catalog())
        assert platform, misfits
        objects, faults = render_platform(platform, layered)
        found = [*layered.diagnostics, *mistakes, *misfits, *faults]
        assert not has_errors(found), found
        return platform, objects

    return rendered


@pytest.fixture
def render(
    render_platform_of: Callable[[str], tuple[Platform, list[Object]]],
) -> Callable[[str], dict[str, list[dict[str, Any]]]]:
    """The rendered manifests by component, without CRDs."""

    def rendered(text: str) -> dict[str, list[dict[str, Any]]]:
        by_component: dict[str, list[dict[str, Any]]] = {}
        for one in render_platform_of(text)[1]:
            if one.id.kind != "CustomResourceDefinition":
                by_component.setdefault(one.component, []).append(one.data)
        return by_component

    return rendered
