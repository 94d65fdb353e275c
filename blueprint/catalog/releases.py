"""A release: a named, tested set of component versions and driver branches."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field

from blueprint.catalog.facts import Digest, Fact, Frozen, Many, Record, Text

Minor = Annotated[str, Field(pattern=r"^1\.\d\d$")]
Branch = Annotated[str, Field(pattern=r"^\d{3}$")]
Month = Annotated[str, Field(pattern=r"^\d{4}-\d\d$")]


class DriverBranch(Frozen):
    """One branch of the NVIDIA data centre driver.

    Attributes:
        version: The exact version that this release installs, as in the image tag before the system's name.
        source: Where version and digest were read.
        digest: Of the driver image that NVIDIA's own bundle pins; for one operating system only.
        supported_until: The last month in which NVIDIA maintains the branch.
    """

    version: Annotated[str, Field(pattern=r"^\d{3}\.\d+\.\d+$")]
    source: Text
    digest: Digest | None = None
    supported_until: Month


class Drivers(Frozen):
    """The driver branches of a release; the default is used where a pool names none."""

    default_branch: Fact[Branch]
    branches: Mapping[Branch, DriverBranch]


class Tested(Frozen):
    """What was tried with this set, or said to work, and by whom."""

    claim: Text
    source: Text


class Release(Record):
    """A named set of versions.

    `components` maps a component's name to its version; `kubernetes` lists the minors it is supported on, and
    `operating_systems` names systems as blueprints do (`ubuntu-24.04`).
    """

    release: Annotated[str, Field(pattern=r"^\d{4}\.\d\d$")]
    title: Text
    components: Mapping[str, Text]
    kubernetes: Fact[Many[Minor]]
    operating_systems: Fact[Many[Text]]
    driver: Drivers
    tested: Many[Tested]
