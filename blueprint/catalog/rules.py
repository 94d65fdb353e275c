"""Compatibility rules: combinations that do not work, and additional requirements. One data file per rule."""

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
"""The subjects of conditions; `platform/compatibility.py` defines how each is read. An unknown value satisfies no
condition.
"""


class Condition(Record, kw_only=True):
    """A condition on the value of a subject: matching one of several patterns (`rhel-9.*`), a version range, or being
    unknown.
    """

    unknown: bool = False
    any_of: tuple[Text, ...] = ()
    at_least: Text | None = None
    at_most: Text | None = None

    def complaint(self) -> str | None:
        """An error in the condition itself."""
        return None if self.unknown or self.any_of or self.at_least or self.at_most else "it has no condition"

    def holds(self, value: str | None) -> bool:
        """Whether the value satisfies the condition. An unknown value satisfies it only if the condition says so."""
        if value is None or self.unknown:
            return self.unknown and value is None
        if self.any_of and not any(fnmatchcase(value, pattern) for pattern in self.any_of):
            return False
        if self.at_least and version_key(value) < version_key(self.at_least):
            return False
        return not (self.at_most and version_key(value) > version_key(self.at_most))


class CompatibilityRule(CatalogueFile, kw_only=True):
    """One rule. If all conditions hold, `forbids` describes the error, or `demands` the requirement.

    Attributes:
        rule: The name of the rule, which is also that of the file.
        when: Conditions by subject, evaluated for each pool.
        forbids: What does not work, as a sentence without a full stop.
        demands: A prerequisite, as sentences.
        help: How to resolve what is forbidden.
        blames: The subject at whose line it is reported.
        severity: The severity of what is forbidden; an unverified rule causes at most a warning.
        scope: Whether a prerequisite applies to each pool, or once to the cluster.
        source: The source of the rule.
        confidence: The confidence of the rule.
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
        """An error in the rule itself."""
        if (self.forbids is None) == (self.demands is None):
            return "it must have either forbids or demands"
        if self.forbids and (self.blames not in self.when or not self.help):
            return "a rule with forbids needs help, and blames must name one of its subjects"
        return None
