"""Arguments that the program receives differently from what was intended."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from blueprint.check.finding import ObjectFinding
from blueprint.check.rule import rule
from blueprint.check.rule_context import DescribedPod, RuleContext, inside, items, mapping
from blueprint.diagnostics import Severity, define
from blueprint.patterns import lazy_pattern
from blueprint.source.paths import format_path

NOT_EXPANDED = define("BP6163", "variable-not-expanded", page=__file__, severity=Severity.WARNING)
FLAG_WITH_VALUE = define("BP6164", "flag-and-value-in-one", page=__file__, severity=Severity.WARNING)
_SHELL = lazy_pattern(r"(.*/)?(ba|da|z|k|a)?sh|.*\.(sh|bash)")
_VARIABLE = lazy_pattern(r"\$(?:\{(\w+)\}|([A-Za-z_]\w*))")
_ENVOY = lazy_pattern(r"(.*/)?envoy")
"""A program that also accepts a flag and its value in one argument."""
_FLAG = lazy_pattern(r"(--[A-Za-z][\w.-]{0,80})[ \t]+\S.*")
_INDEX = "JOB_COMPLETION_INDEX"


@rule(NOT_EXPANDED, tags=("reliability",))
def variables(pod: DescribedPod, context: RuleContext) -> Iterator[ObjectFinding]:
    """Variables in shell syntax, although no shell expands them."""
    for path, container in pod.containers:
        arguments = _arguments(container)
        names = _variables(pod, container) if arguments else set()
        for field, _, argument in arguments:
            found = (each[1] or each[2] for each in _VARIABLE.finditer(argument))
            if name := next((each for each in found if each in names), None):
                at = (*path, field)
                text = f"{format_path(at, pod.subject.data)} contains ${name}, but no shell expands it"
                yield ObjectFinding(NOT_EXPANDED, at, text, f"write $({name})")
                break


@rule(FLAG_WITH_VALUE, tags=("reliability",))
def flags(pod: DescribedPod, context: RuleContext) -> Iterator[ObjectFinding]:
    """A flag and its value in one argument, with a space between them."""
    for path, container in pod.containers:
        arguments = _arguments(container)
        if any(_ENVOY.fullmatch(argument) for _, _, argument in arguments):
            continue
        for field, index, argument in arguments:
            if found := _FLAG.fullmatch(argument):
                at = (*path, field, index)
                text = f"{format_path(at, pod.subject.data)} is one argument: {found[1]}, a space, and the value"
                yield ObjectFinding(FLAG_WITH_VALUE, at, text, f"write {found[1]}=VALUE, or two items of the list")


def _arguments(container: Mapping[str, Any]) -> list[tuple[str, int, str]]:
    """Command and arguments with field and index; empty if a shell may interpret them."""
    if not container.get("command") and not container.get("args"):
        return []
    found = [
        (field, index, each)
        for field in ("command", "args")
        for index, each in enumerate(items(container.get(field)))
        if isinstance(each, str)
    ]
    return [] if any(_SHELL.fullmatch(argument) for _, _, argument in found) else found


def _variables(pod: DescribedPod, container: Mapping[str, Any]) -> set[str]:
    """The names of variables that the container certainly has."""
    own = {str(each.get("name")) for each in map(mapping, items(container.get("env")))}
    return own | {_INDEX} if inside(pod.subject.data, "spec", "completionMode") == "Indexed" else own


RULES = (variables, flags)
