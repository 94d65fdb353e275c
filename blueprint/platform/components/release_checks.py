"""What a blueprint asks for that the release's version of a component cannot do yet."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from blueprint.catalog.components import Component
from blueprint.catalog.releases import Release
from blueprint.diagnostics import Diagnostic
from blueprint.platform.components import codes
from blueprint.platform.components.selection import POOL_NETWORK, asked_for
from blueprint.source.paths import Path

if TYPE_CHECKING:
    from blueprint.platform.resolve import Checks

_KUBELET: Path = ("spec", "cluster", "kubeletRoot")
_USUAL_KUBELET = "/var/lib/kubelet"


def release_checks(checks: Checks, release: Release) -> Iterator[Diagnostic]:
    """Settings, and parts of the blueprint, that the versions in the release lack: never silently dropped."""
    yield from _missing(checks, release)
    for name, version in release.components.items():
        component = checks.catalog.component(name, version)
        if component is None or not component.lacks or checks.ownership(name) != "managed":
            continue
        spec = checks.spec.components.get(name)
        for setting in spec.settings if spec else ():
            if setting in component.lacks:
                yield _lacking(checks, release, component, ("spec", "components", name, "settings", setting), setting)
        moved = checks.spec.cluster.kubelet_root != _USUAL_KUBELET and checks.spec.gpu_stack in component.stacks
        if "kubeletRoot" in component.lacks and moved:
            yield _lacking(checks, release, component, _KUBELET, "kubeletRoot")


def _missing(checks: Checks, release: Release) -> Iterator[Diagnostic]:
    """Sections of the blueprint that only a component of another release carries out."""
    for name in checks.catalog.components:
        component = checks.catalog.component(name) if name not in release.components else None
        if component is None or component.section is None or checks.spec.gpu_stack not in component.stacks:
            continue
        if asked_for(component, checks.spec):
            message = f"release {release.release} has no {name}, which would carry this out"
            yield _not_in(checks, release, _asking(checks, component), message)


def _asking(checks: Checks, component: Component) -> Path:
    """The section that asks for a component."""
    if component.section != POOL_NETWORK:
        return ("spec", str(component.section))
    asked = (name for name, pool in checks.spec.node_pools.items() if pool.network is not None)
    return ("spec", "nodePools", next(asked), "network")


def _lacking(checks: Checks, release: Release, component: Component, path: Path, what: str) -> Diagnostic:
    named = f"{component.name} {component.version}, which release {release.release} installs"
    return _not_in(checks, release, path, f"{named}, cannot do {what}: {component.lacks[what]}")


def _not_in(checks: Checks, release: Release, path: Path, message: str) -> Diagnostic:
    later = [name for name in checks.catalog.releases if name > release.release]
    help_ = f"remove it, or take release {later[0]}" if later else "remove it"
    note = checks.note(("spec", "release"), "the release is chosen here")
    return checks.at(path, codes.NOT_IN_RELEASE, message, notes=(note,), help_=help_)
