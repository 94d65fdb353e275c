"""Binds a blueprint to the catalogue: fills in what names decide, and leaves out values that name nothing.

What is left out is reported by the checks of its topic. Here it only must not stand in the way of the platform, so
that one run finds as much as possible.
"""

from __future__ import annotations

from blueprint.catalog.catalog import Catalog
from blueprint.catalog.components import Component
from blueprint.catalog.releases import Release
from blueprint.platform.inputs.instance_types import Known, complete
from blueprint.platform.inputs.quota_amounts import known_amounts
from blueprint.records import Record
from blueprint.source.merge import Node
from blueprint.spec.components import ComponentSpec
from blueprint.spec.model import Blueprint


class Binding(Record):
    """A blueprint bound to the catalogue.

    Attributes:
        completed: The blueprint with what its instance types decide.
        sound: The same without settings of components that have no value of their type.
        known: Where values came from that no document holds.
        release: The release that it names; the newest one in its stead where there is no such release.
        unresolved: Pools with a GPU product that the catalogue does not have.
    """

    completed: Blueprint
    sound: Blueprint
    known: Known
    release: Release
    unresolved: frozenset[str]


def bind(blueprint: Blueprint, root: Node, catalog: Catalog) -> Binding:
    """Bind every name of the blueprint as far as it can be bound."""
    found = complete(blueprint, root, catalog)
    completed = found.blueprint
    release = catalog.release(blueprint.spec.release) or _newest(catalog)
    pools = completed.spec.node_pools.items()
    unresolved = frozenset(name for name, pool in pools if pool.gpu and catalog.gpu(pool.gpu.product) is None)
    known = {**found.known, **known_amounts(root)}
    return Binding(completed, _sound(completed, release, catalog), known, release, unresolved)


def _newest(catalog: Catalog) -> Release:
    release = catalog.release(max(catalog.releases))
    if release is None:
        raise LookupError("the catalogue has no release")
    return release


def _sound(blueprint: Blueprint, release: Release, catalog: Catalog) -> Blueprint:
    components = {
        name: _with_sound_settings(spec, catalog.component(name, release.components.get(name)))
        for name, spec in blueprint.spec.components.items()
    }
    if all(spec is blueprint.spec.components[name] for name, spec in components.items()):
        return blueprint
    return blueprint.model_copy(update={"spec": blueprint.spec.model_copy(update={"components": components})})


def _with_sound_settings(spec: ComponentSpec, component: Component | None) -> ComponentSpec:
    if component is None:
        return spec
    known = component.settings
    faulty = {name for name, value in spec.settings.items() if name in known and any(known[name].faults(value))}
    if not faulty:
        return spec
    return spec.model_copy(update={"settings": {k: v for k, v in spec.settings.items() if k not in faulty}})
