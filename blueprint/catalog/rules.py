"""Rules of compatibility: what does not work together, and what must be true besides. Data, one rule per file."""

from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Literal

from blueprint.catalog.facts import CatalogueFile, Confidence, Text
from blueprint.records import Record
from blueprint.versions import version_key

Subject = Literal[
    "arch", "computeDomains", "distribution", "driverBranch", "driverOwner", "driverVersion", "fabricManager",
    "gpuArchitecture", "kernelModules", "kubernetes", "mig", "nvlinkDomain", "os", "precompiled", "product", "stack",
    "toolkitOwner", "topologyManager",
]  # fmt: skip
"""What a rule may ask about; `platform/compatibility.py` says how each is read. An unknown value fits no condition."""


class Condition(Record, kw_only=True):
    """What the value of a subject must be: one of some patterns (`rhel-9.*`), a version within bounds, or not known."""

    unknown: bool = False
    any_of: tuple[Text, ...] = ()
    at_least: Text | None = None
    at_most: Text | None = None

    def complaint(self) -> str | None:
        """What is wrong with the condition itself."""
        return None if self.unknown or self.any_of or self.at_least or self.at_most else "it has no condition"

    def holds(self, value: str | None) -> bool:
        """Whether the value is as asked; one that is not known fits only where that is asked."""
        if value is None or self.unknown:
            return self.unknown and value is None
        if self.any_of and not any(fnmatchcase(value, pattern) for pattern in self.any_of):
            return False
        if self.at_least and version_key(value) < version_key(self.at_least):
            return False
        return not (self.at_most and version_key(value) > version_key(self.at_most))


class CompatibilityRule(CatalogueFile, kw_only=True):
    """One rule. Where all conditions hold, what `forbids` says is wrong, or what `demands` says must be true.

    Attributes:
        rule: Also the file's name.
        when: Subject to condition; asked pool by pool.
        forbids: What does not work, as a sentence without an end.
        demands: A prerequisite, as sentences.
        help: The way out of what is forbidden.
        blames: The subject at whose line it is told.
        severity: Of what is forbidden; an unverified rule never gives more than a warning.
        scope: Whether a prerequisite is each pool's or, said once, the cluster's.
        source: Where the rule was learnt.
        confidence: How sure it is.
    """

    rule: Text
    when: Mapping[Subject, Condition]
    forbids: Text | None = None
    demands: Text | None = None
    help: Text | None = None
    blames: Subject | None = None
    severity: Literal["error", "warning"] = "error"
    scope: Literal["pool", "cluster"] = "pool"
    source: Text
    confidence: Confidence

    def complaint(self) -> str | None:
        """What is wrong with the rule itself."""
        if (self.forbids is None) == (self.demands is None):
            return "it must either forbid or demand something"
        if self.forbids and (self.blames not in self.when or not self.help):
            return "a rule that forbids needs help, and must blame one of its subjects"
        return None
