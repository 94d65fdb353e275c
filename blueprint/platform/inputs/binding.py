"""Binds a blueprint to the catalogue: adds derived values, and omits references to unknown names.

The checks of the respective topic report what is omitted. Here, it must only not prevent the platform from being
resolved, so that one run finds as many errors as possible.
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
        completed: The blueprint with values derived from its instance types.
        sound: The same without component settings whose values have a wrong type.
        known: The sources of values that are not in a document.
        release: The selected release; the newest one if it does not exist.
        unresolved: Pools with a GPU product that is not in the catalogue.
    """

    completed: Blueprint
    sound: Blueprint
    known: Known
    release: Release
    unresolved: frozenset[str]


def bind(blueprint: Blueprint, root: Node, catalog: Catalog) -> Binding:
    """Bind all names in the blueprint, as far as possible."""
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
