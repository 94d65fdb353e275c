"""Prerequisites of the Operator Lifecycle Manager: catalogues, approvals, mirrors."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.platform.components.model import PlatformComponent
from blueprint.platform.model import Platform


def cluster_prerequisites(platform: Platform) -> Iterator[Iterator[str]]:
    """The steps that must be done outside of our objects; none if our own manifests install everything."""
    if not platform.cluster.uses_olm:
        return
    yield _release(platform)
    subscribed = [one for one in platform.components.values() if one.olm and one.olm.package and _ours(one)]
    for component in subscribed:
        yield _catalogue(component)
        yield _approval(component)
    yield _mirrors(platform, subscribed)


def _ours(component: PlatformComponent) -> bool:
    return component.ownership == "managed"


def _release(platform: Platform) -> Iterator[str]:
    yield f"The cluster is {platform.cluster.distribution_facts.title} {platform.cluster.distribution_version}."


def _catalogue(component: PlatformComponent) -> Iterator[str]:
    olm = component.olm
    if olm is None:
        return
    what = f"the package {olm.package} with the channel {olm.channel}"
    what += f", which contains {olm.starting_csv}" if olm.starting_csv else ""
    yield f"The CatalogSource {component.settings.catalogSource} in openshift-marketplace has {what}."
    if olm.unlisted:
        yield f"images.txt lists no image of {component.component.title}: {olm.unlisted}."


def _approval(component: PlatformComponent) -> Iterator[str]:
    if component.settings.installPlanApproval == "Manual":
        yield (
            f"After the first apply, someone approves the install plan in the namespace {component.namespace}. The"
            " apply reports its name. Run it again afterwards: it continues where it stopped."
        )


def _mirrors(platform: Platform, subscribed: list[PlatformComponent]) -> Iterator[str]:
    for host, mirror in sorted(platform.cluster.mirrors.items()):
        yield (
            f"An ImageDigestMirrorSet and an ImageTagMirrorSet redirect {host} to {mirror} on the nodes: objects"
            " contain the original image names. Creating one may drain all nodes, so an administrator must do it."
        )
    if platform.cluster.mirrors:
        packages = ", ".join(str(one.olm.package) for one in subscribed if one.olm)
        yield f"A mirrored catalogue, as `oc mirror` creates it, has the bundles of {packages}; catalogSource names it."
