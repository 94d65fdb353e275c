"""Selects the rules that run, and configures their severity and options."""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Any

from blueprint.check.rule import Profile, Rule
from blueprint.diagnostics import Code, Severity
from blueprint.records import Record, field, replace

PREFIX = "BP"


class RulePolicy(Record):
    """The configuration of rules. A name is a code, a prefix of one (`BP61`), a slug or a tag.

    Attributes:
        profile: The profile that runs if `select` is empty.
        select: The only rules that run, whatever the profile.
        ignore: Rules that do not run, whatever the other settings.
        severity: Severities by code ID that replace those of the rules.
        options: Values of options by code ID and option name.
        ignored_paths: File patterns, each with the names that are ignored there.
        debug: Whether findings about failing rules include the traceback.
    """

    profile: Profile = Profile.RECOMMENDED
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    severity: Mapping[str, Severity] = field(default_factory=dict)
    options: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    ignored_paths: tuple[tuple[str, tuple[str, ...]], ...] = ()
    debug: bool = False

    def obstacle(self, rule: Rule) -> str | None:
        """Why none of the rule's codes is selected; None if one is."""
        if rule.conceals:
            return None
        wanted = [code for code in rule.codes if self._selected(rule, code)]
        if not wanted:
            return "it is not selected" if self.select else f"it is not in the profile {self.profile}"
        return None if any(not self._ignored(rule, code) for code in wanted) else "it is ignored"

    def admits(self, rule: Rule, code: Code, file: str) -> bool:
        """Whether a finding with this code is reported in this file."""
        ignored_here = (name for pattern, names in self.ignored_paths if fnmatchcase(file, pattern) for name in names)
        return (
            self._selected(rule, code)
            and not self._ignored(rule, code)
            and not any(is_named(rule, code, name) for name in ignored_here)
        )

    def severity_of(self, code: Code) -> Severity | None:
        """The configured severity of a code."""
        return self.severity.get(code.id)

    def options_of(self, rule: Rule) -> Any:
        """The rule's options, with the configured values."""
        if rule.options is None:
            return None
        given = [self.options[code.id] for code in rule.codes if code.id in self.options]
        return replace(rule.options, **{name: value for each in given for name, value in each.items()})

    def _selected(self, rule: Rule, code: Code) -> bool:
        if self.select:
            return any(is_named(rule, code, name) for name in self.select)
        return self.profile.contains(rule.profile)

    def _ignored(self, rule: Rule, code: Code) -> bool:
        return any(is_named(rule, code, name) for name in self.ignore)


RECOMMENDED = RulePolicy()
"""The default policy."""


def is_named(rule: Rule, code: Code, name: str) -> bool:
    """Whether a name in a policy refers to this code of the rule."""
    if is_code(name):
        return code.id.startswith(name.upper())
    return name in (code.slug, *rule.tags)


def is_code(name: str) -> bool:
    """Whether a name in a policy has the form of a code or of a prefix of one."""
    return name.upper().startswith(PREFIX) and name[len(PREFIX) :].isdecimal()
