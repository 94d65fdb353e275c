"""Prerequisites for components that are installed by other means."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.platform.model import Platform


def cluster_prerequisites(platform: Platform) -> Iterator[Iterator[str]]:
    """The components that must be installed by other means."""
    yield _externals(platform)


def _externals(platform: Platform) -> Iterator[str]:
    for component in platform.components.values():
        if component.ownership == "external":
            yield f"{component.component.title} {component.version} is installed by other means."
            yield from _contract(component.component.contract, platform)
            yield from (text for other in platform.components.values() for text in other.demands_of(component.name))


def _contract(sentences: tuple[str, ...], platform: Platform) -> Iterator[str]:
    """The requirements on an external installation. Those about taints are omitted if no pool has any."""
    for sentence in sentences:
        if "{taints}" not in sentence:
            yield sentence
        elif taints := sorted({f"{taint.key}:{taint.effect}" for taint in platform.taints}):
            yield sentence.replace("{taints}", ", ".join(taints))
