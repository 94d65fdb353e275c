"""Reads the rule policy from TOML: `.blueprint.toml`, or `[tool.blueprint.rules]` in a `pyproject.toml`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from blueprint.check.policy import RulePolicy, is_code, is_named
from blueprint.check.rule import Profile, Rule
from blueprint.check.rules import all_rules, paged_codes
from blueprint.diagnostics import Code, Diagnostic, Refused, Severity, nearest
from blueprint.diagnostics.codes import CONFIGURATION_INVALID
from blueprint.source.toml import Keys, parse_toml, place_of, table_of

_KEYS = ("profile", "select", "ignore", "severity", "options", "paths")


def parse_policy(text: str, file: str, table: Keys = ("rules",)) -> RulePolicy | None:
    """The policy in a table of a TOML text; None without such a table. Raises Refused, with exit code 2."""
    data = table_of(parse_toml(text, file), table)
    if data is None:
        return None
    reader = _Reader(text, file, table)
    policy = reader.policy(data)
    if reader.problems:
        raise Refused(*reader.problems, exit_code=2)
    return policy


def unknown_names(names: tuple[str, ...]) -> Iterator[tuple[str, str | None]]:
    """Names that match no code of any rule, each with the likely intended name."""
    names = tuple(name for name in names if not _begins_a_code(name))
    rules = all_rules() if names else ()
    known = sorted({name for rule in rules for code in rule.codes for name in (code.id, code.slug, *rule.tags)})
    for name in names:
        if not any(is_named(rule, code, name) for rule in rules for code in rule.codes):
            yield name, nearest(name, known)


def _begins_a_code(name: str) -> bool:
    """Whether it is a code with a page, or a prefix of one: `BP6`, `BP6101`."""
    return is_code(name) and any(code.startswith(name.upper()) for code in paged_codes())


class _Reader:
    """Converts the table to a policy and collects its errors."""

    def __init__(self, text: str, file: str, table: Keys) -> None:
        self._text = text
        self._file = file
        self._table = table
        self.problems: list[Diagnostic] = []

    def policy(self, data: Any) -> RulePolicy:
        """The policy, as far as it is valid."""
        table = self._mapping(data, ())
        for key in table.keys() - set(_KEYS):
            near = nearest(key, _KEYS)
            self._problem((key,), f"unknown key {key}", f"did you mean {near}?" if near else ", ".join(_KEYS))
        return RulePolicy(
            profile=self._word(table.get("profile", "recommended"), Profile, ("profile",)) or Profile.RECOMMENDED,
            select=self._names(table.get("select", []), ("select",)),
            ignore=self._names(table.get("ignore", []), ("ignore",)),
            severity=dict(self._severities(table.get("severity", {}))),
            options=dict(self._options(table.get("options", {}))),
            ignored_paths=tuple(
                (pattern, self._names(names, ("paths", pattern)))
                for pattern, names in self._mapping(table.get("paths", {}), ("paths",)).items()
            ),
        )

    def _names(self, value: Any, at: Keys) -> tuple[str, ...]:
        if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
            self._problem(at, f"{'.'.join(at)} must be a list of codes, slugs or tags")
            return ()
        for name, near in unknown_names(tuple(value)):
            text = f"{name} is not a code, slug or tag of a rule"
            self._problem(
                (*at, name), text, f"did you mean {near}?" if near else "`blueprint explain rules` lists them"
            )
        return tuple(value)

    def _severities(self, value: Any) -> Iterator[tuple[str, Severity]]:
        for name, severity in self._mapping(value, ("severity",)).items():
            at = ("severity", name)
            code, word = self._code(name, at), self._word(severity, Severity, at)
            if code and code[0].conceals:
                self._problem(at, f"the severity of {name} cannot be changed: it keeps credentials out of bundles")
            elif code and word:
                yield code[0].id, word

    def _options(self, value: Any) -> Iterator[tuple[str, dict[str, Any]]]:
        for name, options in self._mapping(value, ("options",)).items():
            at = ("options", name)
            given, found = self._mapping(options, at), self._code(name, at)
            if found is None:
                continue
            fields = found[1].options.__struct_fields__ if found[1].options else ()
            for key in given.keys() - set(fields):
                there = f"its options: {', '.join(fields)}" if fields else "this rule has no options"
                self._problem((*at, key), f"{name} has no option {key}", there)
            values = {
                key: self._option(each, found[1], key, (*at, key)) for key, each in given.items() if key in fields
            }
            yield found[0].id, values

    def _option(self, value: Any, rule: Rule, key: str, at: Keys) -> Any:
        usual = getattr(rule.options, key)
        value = tuple(value) if isinstance(value, list) else value
        fits = type(value) is type(usual) and (not isinstance(value, tuple) or all(isinstance(x, str) for x in value))
        if not fits:
            kind = "a list of strings" if isinstance(usual, tuple) else type(usual).__name__
            self._problem(at, f"{'.'.join(at)} must be {kind}")
        return value if fits else usual

    def _code(self, name: str, at: Keys) -> tuple[Code, Rule] | None:
        found = [(code, rule) for rule in all_rules() for code in rule.codes if name in (code.id, code.slug)]
        if not found:
            near = next((near for _, near in unknown_names((name,)) if near), None)
            self._problem(at, f"no rule has the code {name}", f"did you mean {near}?" if near else None)
            return None
        return max(found, key=lambda each: each[1].options is not None)

    def _word(self, value: Any, words: Any, at: Keys) -> Any:
        if value in list(words):
            return words(value)
        self._problem(at, f"{'.'.join(at)} cannot be {value!r}", f"use one of {', '.join(words)}")
        return None

    def _mapping(self, value: Any, at: Keys) -> dict[str, Any]:
        if isinstance(value, dict):
            return value
        self._problem(at, f"{'.'.join((*self._table, *at))} must be a table")
        return {}

    def _problem(self, at: Keys, message: str, help_: str | None = None) -> None:
        place = place_of(self._text, self._file, (*self._table, *at))
        self.problems.append(Diagnostic(CONFIGURATION_INVALID, message, at=place, help=help_))
