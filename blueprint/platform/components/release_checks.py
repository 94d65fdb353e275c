"""Checks for features that the release's version of a component does not have."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.catalog.components import Component
from blueprint.catalog.distribution import WITH_CLAIMS
from blueprint.diagnostics import Diagnostic
from blueprint.platform.check_context import CheckContext
from blueprint.platform.components import codes
from blueprint.platform.components.selection import ALLOCATION, POOL_KARPENTER, POOL_KATA, POOL_NETWORK
from blueprint.platform.paths import POOLS
from blueprint.source.paths import Path

_KUBELET: Path = ("spec", "cluster", "kubeletRoot")
_USUAL_KUBELET = "/var/lib/kubelet"


def check_release_contents(context: CheckContext) -> Iterator[Diagnostic]:
    """Report settings and parts of the blueprint that the versions in the release lack. Nothing is dropped silently."""
    yield from _missing(context)
    for name, resolved in context.platform.release_components.items():
        component = resolved.component
        if not component.lacks or resolved.ownership != "managed":
            continue
        for setting in resolved.given:
            if setting in component.lacks:
                yield _lacking(context, component, ("spec", "components", name, "settings", setting), setting)
        moved = context.platform.cluster.kubelet_root != _USUAL_KUBELET
        if "kubeletRoot" in component.lacks and moved and component.belongs_to(context.platform.stacks):
            yield _lacking(context, component, _KUBELET, "kubeletRoot")


def _missing(context: CheckContext) -> Iterator[Diagnostic]:
    """Sections of the blueprint that only a component of another release implements."""
    found: set[Path] = set()
    for name in context.catalog.components:
        component = context.catalog.component(name) if name not in context.release.components else None
        if component is None or component.section is None or not component.belongs_to(context.platform.stacks):
            continue
        section = _requesting_section(context, component) if context.platform.requests(component) else None
        if section and section not in found:
            found.add(section)
            message = f"this needs the component {name}, which release {context.release.release} does not include"
            yield _not_in(context, section, message)


def _requesting_section(context: CheckContext, component: Component) -> Path:
    """The path of the section that requests a component."""
    if component.section == POOL_KATA:
        return ("spec", "nodePools", next(name for name, pool in context.pools.items() if pool.kata), "kata")
    with_claims = next((stack for stack in context.platform.stacks if stack in WITH_CLAIMS), None)
    if component.section == ALLOCATION and with_claims:
        return context.stack_path(with_claims)
    if component.section == POOL_KARPENTER:
        return (
            *POOLS,
            next(name for name, pool in context.pools.items() if pool.provisioning),
            component.section_path[-1],
        )
    if component.section != POOL_NETWORK:
        return component.section_path
    networks = ((name, pool.network) for name, pool in context.pools.items())
    names = (name for name, network in networks if network and network.component == component.name)
    return ("spec", "nodePools", next(names), "network")


def _lacking(context: CheckContext, component: Component, path: Path, what: str) -> Diagnostic:
    named = f"{component.name} {component.version}, which release {context.release.release} installs"
    return _not_in(context, path, f"{named}, does not support {what}: {component.lacks[what]}")


def _not_in(context: CheckContext, path: Path, message: str) -> Diagnostic:
    later = [name for name in context.catalog.releases if name > context.release.release]
    help_ = f"remove it, or use release {later[0]}" if later else "remove it"
    note = context.note(("spec", "release"), "the release is set here")
    return context.diagnostic_at(path, codes.NOT_IN_RELEASE, message, notes=(note,), help_=help_)
