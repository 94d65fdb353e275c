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
        version: The exact version that this release installs, as in the image tag before the system name.
        source: The source of version and digest.
        digest: The digest that NVIDIA's own bundle pins for the driver image; for one operating system only.
        supported_until: The last month in which NVIDIA maintains the branch.
    """

    version: Annotated[str, Matching(r"\d{3}\.\d+\.\d+", "an exact driver version")]
    source: Text
    digest: Digest | None = None
    supported_until: Month


class Drivers(Record, kw_only=True):
    """The driver branches of a release; the default is used for pools that do not set one.

    `precompiled` lists, by operating system, the branches for which NVIDIA publishes precompiled kernel modules;
    `unpublished` those without a driver image for that system, although other branches of the release have one.
    """

    default_branch: Fact[Branch]
    branches: Mapping[Branch, DriverBranch]
    precompiled: Fact[Mapping[Text, tuple[Branch, ...]]]
    unpublished: Fact[Mapping[Text, tuple[Branch, ...]]] | None = None

    def has_image(self, branch: str, system: str) -> bool:
        """Whether a driver image of the branch may exist for an operating system: it is not known to be missing."""
        missing = self.unpublished
        return missing is None or not missing.certain or branch not in missing.value.get(system, ())


class Tested(Record, kw_only=True):
    """A test of this set, or a statement that it works, with its source."""

    claim: Text
    source: Text


class Release(CatalogueFile, kw_only=True):
    """A named set of versions.

    `components` maps a component's name to its version; `kubernetes` lists the supported minor versions, and
    `operating_systems` names systems as in blueprints (`ubuntu-24.04`).
    """

    release: Annotated[str, Matching(r"\d{4}\.\d\d", "a year and a month")]
    title: Text
    components: Mapping[str, Text]
    kubernetes: Fact[tuple[Minor, ...]]
    operating_systems: Fact[tuple[Text, ...]]
    driver: Drivers
    tested: tuple[Tested, ...]


def image_system(system: str) -> str:
    """The name of an operating system in driver image tags: `ubuntu24.04`, but `rhel9` for all its minor versions."""
    name, _, version = system.partition("-")
    return name + (version if name == "ubuntu" else version.partition(".")[0])
