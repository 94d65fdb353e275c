"""What a blueprint asks for that the release's version of a component cannot do yet."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from blueprint.catalog import Component, Release
from blueprint.diagnostics import Diagnostic
from blueprint.platform import codes
from blueprint.source.paths import Path

if TYPE_CHECKING:
    from blueprint.platform.resolve import Checks

_KUBELET: Path = ("spec", "cluster", "kubeletRoot")
_USUAL_KUBELET = "/var/lib/kubelet"


def release_checks(checks: Checks, release: Release) -> Iterator[Diagnostic]:
    """Settings, and parts of the blueprint, that the versions in the release lack: never silently dropped."""
    for name, version in release.components.items():
        component = checks.catalog.component(name, version)
        if component is None or not component.lacks or checks.ownership(name) != "managed":
            continue
        spec = checks.spec.components.get(name)
        for setting in spec.settings if spec else ():
            if setting in component.lacks:
                yield _lacking(checks, release, component, ("spec", "components", name, "settings", setting), setting)
        if "kubeletRoot" in component.lacks and checks.spec.gpu_stack in component.stacks:
            if checks.spec.cluster.kubelet_root != _USUAL_KUBELET:
                yield _lacking(checks, release, component, _KUBELET, "kubeletRoot")


def _lacking(checks: Checks, release: Release, component: Component, path: Path, what: str) -> Diagnostic:
    named = f"{component.name} {component.version}, which release {release.release} installs"
    message = f"{named}, cannot do {what}: {component.lacks[what]}"
    later = [name for name in checks.catalog.releases if name > release.release]
    help_ = f"remove it, or take release {later[0]}" if later else "remove it"
    note = checks.note(("spec", "release"), "the release is chosen here")
    return checks.at(path, codes.NOT_IN_RELEASE, message, notes=(note,), help_=help_)
