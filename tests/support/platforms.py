"""Platforms for tests, built in memory from pools and further settings, resolved or compiled without a disk."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from blueprint.bundle.model import Object
from blueprint.catalog.catalog import load_catalog
from blueprint.diagnostics import Diagnostic, has_errors
from blueprint.pipeline import Compilation, compile_blueprint
from blueprint.platform.inputs.hardware_files import with_own_hardware
from blueprint.platform.model import Platform
from blueprint.platform.resolve import resolve
from blueprint.render.render import render_component
from blueprint.source.files import MemoryFiles
from blueprint.source.layers import load_layers
from blueprint.spec.parse import parse_blueprint
from blueprint.spec.reading import LanguageReader

NAME = "blueprint.yaml"
DECLARED_STACK = {
    "": "",
    "clusterPolicy": "gpuStack: operator",
    "gpuCluster": "allocation: dra",
    "standalone": "gpuStack: standalone",
    "standaloneDra": "gpuStack: standalone\n  allocation: dra",
}
"""The fields that declare each stack; empty for the default."""
H100 = "gpu: {product: H100-SXM5-80GB, count: 8}"


def pool(name: str, *fields: str, nodes: int | str | None = 1, product: str = "", count: int = 8) -> str:
    """The entry of a pool. `fields` are further keys as `key: value`, each in flow style."""
    gpu = f"gpu: {{product: {product}, count: {count}}}" if product else ""
    number = "" if nodes is None else f"nodes: {nodes}"
    keys = ", ".join(filter(None, (number, f"selector: {{acme.example/pool: {name}}}", gpu, *fields)))
    return f"    {name}: {{{keys}}}\n"


def blueprint(
    *pools: str,
    kubernetes: str = "1.36",
    distribution: str = "",
    os: str = "",
    cluster: str = "",
    stack: str = "",
    settings: str = "",
    release: str = "2026.11",
    spec: str = "",
) -> str:
    """The text of a blueprint.

    Args:
        pools: From `pool`.
        kubernetes: The cluster's version.
        distribution: The cluster's distribution.
        os: The operating system of the nodes.
        cluster: Further keys of the cluster, in flow style.
        stack: The stack, a key of `DECLARED_STACK`.
        settings: The settings of the GPU Operator, in flow style without braces.
        release: The release.
        spec: Further keys of the spec, in block style at two spaces.
    """
    named = {"distribution": distribution, "os": os}
    keys = [f'kubernetes: "{kubernetes}"', *(f"{key}: {value}" for key, value in named.items() if value), cluster]
    return "".join(
        (
            "apiVersion: gpublueprint.dev/v1alpha2\nkind: Blueprint\nmetadata: {name: test}\nspec:\n",
            f'  release: "{release}"\n',
            f"  {DECLARED_STACK[stack]}\n" if stack else "",
            f"  cluster: {{{', '.join(filter(None, keys))}}}\n",
            f"  components: {{gpu-operator: {{settings: {{{settings}}}}}}}\n" if settings else "",
            spec,
            "  nodePools:\n",
            *pools,
        )
    )


def compiled(text: str, *, sets: Sequence[str] = (), files: dict[str, str] | None = None) -> Compilation:
    """The result of compiling the blueprint, with additional `files`."""
    return compile_blueprint(NAME, files=MemoryFiles({NAME: text, **(files or {})}), sets=sets)


def resolved(text: str, *, sets: Sequence[str] = ()) -> tuple[Platform | None, list[Diagnostic]]:
    """The platform and all diagnostics of resolving it. The blueprint must be well-formed. Nothing is rendered."""
    layered = load_layers(NAME, (), sets, LanguageReader(load_catalog().has_gpus), MemoryFiles({NAME: text}))
    parsed, mistakes, _ = parse_blueprint(layered)
    assert parsed, mistakes
    assert not mistakes
    catalog, spoilt = with_own_hardware(load_catalog(), layered)
    assert not spoilt
    return resolve(parsed, layered.root, catalog)


@cache
def rendered(text: str, component: str) -> tuple[Object, ...]:
    """The rendered objects of one component, for a blueprint without errors. Callers must not modify them."""
    found, diagnostics = resolved(text)
    assert found, diagnostics
    objects, faults = render_component(found.components[component], found)
    assert not has_errors([*diagnostics, *faults]), [*diagnostics, *faults]
    return tuple(objects)


def platform(text: str, *, sets: Sequence[str] = ()) -> Platform:
    """The platform of a blueprint, which must have no relevant diagnostics."""
    found, diagnostics = resolved(text, sets=sets)
    assert found, diagnostics
    return found


def diagnostics_of(text: str, *, sets: Sequence[str] = ()) -> list[Diagnostic]:
    """The diagnostics of resolving the blueprint."""
    return resolved(text, sets=sets)[1]


def codes_of(text: str, *, sets: Sequence[str] = ()) -> set[str]:
    """The codes of the diagnostics of resolving the blueprint."""
    return {found.code.id for found in diagnostics_of(text, sets=sets)}
