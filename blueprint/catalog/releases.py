"""A release: a named, tested set of component versions and driver branches."""

from collections.abc import Mapping
from typing import Annotated

from blueprint.catalog.facts import CatalogueFile, Digest, Fact, Matching, Text
from blueprint.records import Record

Minor = Annotated[str, Matching(r"1\.\d\d", "a Kubernetes minor")]
Branch = Annotated[str, Matching(r"\d{3}", "a driver branch")]
Month = Annotated[str, Matching(r"\d{4}-\d\d", "a month, year first")]


class DriverBranch(Record, kw_only=True):
    """One branch of the NVIDIA data centre driver.

    Attributes:
        version: The exact version that this release installs, as in the image tag before the system's name.
        source: Where version and digest were read.
        digest: Of the driver image that NVIDIA's own bundle pins; for one operating system only.
        supported_until: The last month in which NVIDIA maintains the branch.
    """

    version: Annotated[str, Matching(r"\d{3}\.\d+\.\d+", "an exact driver version")]
    source: Text
    digest: Digest | None = None
    supported_until: Month


class Drivers(Record, kw_only=True):
    """The driver branches of a release; the default is used where a pool names none.

    `precompiled` lists by operating system the branches that NVIDIA publishes kernel modules of; `unpublished` those of
    which it publishes no driver image for that system, though others of the release have one.
    """

    default_branch: Fact[Branch]
    branches: Mapping[Branch, DriverBranch]
    precompiled: Fact[Mapping[Text, tuple[Branch, ...]]]
    unpublished: Fact[Mapping[Text, tuple[Branch, ...]]] | None = None

    def has_image(self, branch: str, system: str) -> bool:
        """Whether a driver image of the branch for an operating system is not known to be missing."""
        missing = self.unpublished
        return missing is None or not missing.certain or branch not in missing.value.get(system, ())


class Tested(Record, kw_only=True):
    """What was tried with this set, or said to work, and by whom."""

    claim: Text
    source: Text


class Release(CatalogueFile, kw_only=True):
    """A named set of versions.

    `components` maps a component's name to its version; `kubernetes` lists the minors it is supported on, and
    `operating_systems` names systems as blueprints do (`ubuntu-24.04`).
    """

    release: Annotated[str, Matching(r"\d{4}\.\d\d", "a year and a month")]
    title: Text
    components: Mapping[str, Text]
    kubernetes: Fact[tuple[Minor, ...]]
    operating_systems: Fact[tuple[Text, ...]]
    driver: Drivers
    tested: tuple[Tested, ...]


def image_system(system: str) -> str:
    """How the tags of driver images name an operating system: `ubuntu24.04`, but `rhel9` for every minor of it."""
    name, _, version = system.partition("-")
    return name + (version if name == "ubuntu" else version.partition(".")[0])
