"""Flags for rules, and the policy that results from them and the project's configuration."""

from __future__ import annotations

import os
from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING

from blueprint.cli.configuration import find_configuration
from blueprint.records import replace

if TYPE_CHECKING:
    from blueprint.check.policy import RulePolicy
    from blueprint.check.runner import RuleResults
    from blueprint.report.model import SkippedRule


def add_rules(parser: ArgumentParser) -> None:
    """Add --select, --ignore and --profile."""
    names = "codes, prefixes of codes, slugs or tags, separated by commas"
    parser.add_argument("--select", metavar="RULES", action="append", default=[], help=f"run only these rules: {names}")
    parser.add_argument("--ignore", metavar="RULES", action="append", default=[], help="run all rules except these")
    parser.add_argument(
        "--profile", choices=["minimal", "recommended", "strict"], help="the rules to run (recommended)"
    )


def rule_policy(options: Namespace, target: str) -> RulePolicy:
    """The policy of the project that contains the target, modified by the flags. Raises Refused."""
    policy = _of_project(target)
    select, ignore = (_names(options, flag) for flag in ("select", "ignore"))
    _refuse_unknown((*select, *ignore))
    if profile := getattr(options, "profile", None):
        from blueprint.check.rule import Profile

        policy = replace(policy, profile=Profile(profile), select=())
    if select:
        policy = replace(policy, select=select)
    return replace(policy, ignore=(*policy.ignore, *ignore), debug=bool(os.environ.get("BLUEPRINT_DEBUG")))


def skipped_rules(results: RuleResults) -> tuple[SkippedRule, ...]:
    """The rules that did not run, as shown in reports, without duplicates."""
    from blueprint.report.model import SkippedRule

    found = (SkippedRule(tuple(c.id for c in each.rule.codes), each.rule.name, each.reason) for each in results.skipped)
    return tuple(sorted(set(found)))


def _names(options: Namespace, flag: str) -> tuple[str, ...]:
    return tuple(name.strip() for each in getattr(options, flag, []) for name in each.split(",") if name.strip())


def _refuse_unknown(names: tuple[str, ...]) -> None:
    if not names:
        return
    from blueprint.check.policy_file import unknown_names
    from blueprint.diagnostics import Diagnostic, Refused
    from blueprint.diagnostics.codes import USAGE

    problems = [
        Diagnostic(
            USAGE,
            f"{name} is not a code, slug or tag of a rule",
            help=f"did you mean {near}?" if near else "`blueprint explain rules` lists them",
        )
        for name, near in unknown_names(names)
    ]
    if problems:
        raise Refused(*problems, exit_code=2)


def _of_project(target: str) -> RulePolicy:
    """The policy in the project's configuration."""
    from blueprint.check.policy import RECOMMENDED

    found = find_configuration(target)
    if found is None or "rules" not in found.values:
        return RECOMMENDED
    from blueprint.check.policy_file import parse_policy

    return parse_policy(found.text, found.file, (*found.table, "rules")) or RECOMMENDED
