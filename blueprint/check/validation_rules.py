"""The validation rules of custom resources (`x-kubernetes-validations`): collected once, evaluated for every object.

Rules are evaluated as on creation. A rule that compares with the stored object (`oldSelf`) does not run, and one that
the library cannot evaluate is reported as such: neither counts as passed.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any

from blueprint.bundle.model import Path
from blueprint.check import codes
from blueprint.check.cel_values import (
    UnrepresentableError,
    cel_type,
    cel_value,
    time_fields,
    unordered_fields,
)
from blueprint.check.finding import ObjectFinding, value_at
from blueprint.kubernetes.api import Schema
from blueprint.patterns import lazy_pattern
from blueprint.records import MutableRecord, Record, field
from blueprint.source.paths import format_path

if TYPE_CHECKING:
    from blueprint.cel.syntax import CelExpression

FIELDS = "fields"
"""The evidence that names the fields which a violated rule reads."""
_SECONDS = 5.0
"""CPU time in seconds for all rules of one check, so that an expensive rule cannot block it."""
_TOO_SLOW = f"the rules took more than {_SECONDS:g} s in total"
_LONGEST_MESSAGE = 5 * 1024
_SUFFIX = "xxxxx"
"""The length of the suffix that the API server appends to `generateName`."""
_OLD_SELF = lazy_pattern(r"\boldSelf\b")
_STEP = lazy_pattern(r"\.([A-Za-z_][\w-]*)|\['((?:[^'\\]|\\.)*)'\]")


class SchemaRule(Record, dict=True):
    """One rule of a schema node."""

    text: str
    message: str
    message_expression: str
    field_path: Path
    schema: Schema
    root: bool

    @cached_property
    def tree(self) -> CelExpression | None:
        """The syntax tree of the rule; None if it is not a valid expression."""
        from blueprint.cel.syntax import CelError, parse

        try:
            return parse(self.text)
        except CelError:
            return None

    @cached_property
    def is_transition(self) -> bool:
        """Whether it compares with the stored object, which does not exist on creation."""
        return _OLD_SELF.search(self.text) is not None

    @cached_property
    def obstacle(self) -> str | None:
        """Why this rule cannot be evaluated here, if this is known in advance."""
        nodes = list(self.tree.walk()) if self.tree else []
        called = [node for node in nodes if node.kind == "call" and node.value == "has"]
        exempt = {id(node.parts[0]) for node in called if len(node.parts) == 1}
        times = set(time_fields(self.schema))
        if any(node.value in times for node in nodes if _reads(node) and id(node) not in exempt):
            return "it reads a time or a duration"
        unordered = set(unordered_fields(self.schema))
        compared = [part for node in nodes if node.value in ("==", "!=", "+") for part in node.parts]
        if any(part.value in unordered for part in compared if _reads(part)):
            return "it compares lists whose order has no meaning"
        return None


def _reads(node: CelExpression) -> bool:
    return node.kind == "select" or (node.kind == "name" and node.value == "self")


class RuleNode(MutableRecord):
    """A schema node that has rules, or leads to some."""

    schema: Schema
    rules: tuple[SchemaRule, ...] = ()
    fields: dict[str, RuleNode] = field(default_factory=dict)
    items: RuleNode | None = None
    values: RuleNode | None = None


class RuleTally(MutableRecord):
    """The number of evaluations by outcome. Only `held` and `violated` are decided."""

    held: int = 0
    violated: int = 0
    transitions: int = 0
    not_evaluated: int = 0
    seconds: float = 0.0
    is_precise: bool = False
    reported: set[tuple[str, ...]] = field(default_factory=set)

    def clock(self) -> float:
        """The start time for `stop`. CPU time needs a system call, so it is read only once it matters."""
        return time.process_time() if self.is_precise else time.perf_counter()

    def stop(self, started: float) -> None:
        """Add the time since `started`. After five seconds only CPU time counts: other processes may be the cause."""
        self.seconds += self.clock() - started
        if not self.is_precise and self.seconds > _SECONDS:
            self.is_precise, self.seconds = True, 0.0


def collect_rules(schema: Schema, *, root: bool = True) -> RuleNode | None:
    """The rules of a structural schema; None if there are none."""
    rules = tuple(_rule(each, schema, root=root) for each in schema.get("x-kubernetes-validations") or ())
    node = RuleNode(schema, rules)
    for name, each in schema.get("properties", {}).items():
        if (name, root) != ("metadata", True) and (found := collect_rules(each, root=False)):
            node.fields[name] = found
    if isinstance(items := schema.get("items"), Mapping):
        node.items = collect_rules(dict(items), root=False)
    if isinstance(values := schema.get("additionalProperties"), Mapping):
        node.values = collect_rules(dict(values), root=False)
    return node if rules or node.fields or node.items or node.values else None


def _rule(given: Mapping[str, Any], schema: Schema, *, root: bool) -> SchemaRule:
    root = root or bool(schema.get("x-kubernetes-embedded-resource"))
    return SchemaRule(
        text=str(given["rule"]),
        message=str(given.get("message", "")),
        message_expression=str(given.get("messageExpression", "")),
        field_path=_steps(str(given.get("fieldPath", ""))),
        schema=schema,
        root=root,
    )


def _steps(text: str) -> Path:
    """`.spec['a.b']` as a path."""
    return tuple(match[1] or re.sub(r"\\(.)", r"\1", match[2]) for match in _STEP.finditer(text))


def evaluate_rules(node: RuleNode, data: dict[str, Any], kind: str, tally: RuleTally) -> Iterator[ObjectFinding]:
    """The violations of the rules by an object with a valid schema, and the rules that could not be evaluated."""
    data = _named(data)
    for found, value, path in _places(node, data, ()):
        place = _Place(data, path, kind, found, value, found.rules[0].root)
        for rule in found.rules:
            yield from _evaluated(rule, place, tally)


def _named(data: dict[str, Any]) -> dict[str, Any]:
    """The object with a name, which the API server generates from `generateName` before it evaluates the rules."""
    metadata = data.get("metadata")
    if not isinstance(metadata, dict) or "name" in metadata or not isinstance(metadata.get("generateName"), str):
        return data
    return {**data, "metadata": {**metadata, "name": metadata["generateName"] + _SUFFIX}}


def _places(node: RuleNode, value: Any, path: Path) -> Iterator[tuple[RuleNode, Any, Path]]:
    if value is None:
        return
    if node.rules:
        yield node, value, path
    if isinstance(value, dict):
        for name, below in node.fields.items():
            yield from _places(below, value.get(name), (*path, name))
        if node.values:
            for name, each in value.items():
                yield from _places(node.values, each, (*path, name))
    elif isinstance(value, list) and node.items:
        for index, each in enumerate(value):
            yield from _places(node.items, each, (*path, index))


class _Place(MutableRecord, dict=True):
    """A value with rules. All of them use the same representation, which is created once."""

    whole: Any
    path: Path
    kind: str
    node: RuleNode
    value: Any
    root: bool

    @cached_property
    def seen(self) -> Any:
        """The value as visible to the rules. Raises UnrepresentableError."""
        return cel_value(self.value, self.node.schema, root=self.root)

    @cached_property
    def size(self) -> int:
        """The number of elements of the value."""
        from blueprint.cel.growth import size_of

        return size_of(self.value)


def _evaluated(rule: SchemaRule, place: _Place, tally: RuleTally) -> Iterator[ObjectFinding]:
    if rule.is_transition:
        tally.transitions += 1
        return
    from blueprint.cel.engine import CompileError, EvaluationError, UnsupportedError

    started = tally.clock()
    try:
        held = _holds(rule, place, tally)
    except (UnsupportedError, CompileError, UnrepresentableError) as error:
        tally.not_evaluated += 1
        yield from _not_evaluated(rule, str(error), place, tally)
        return
    except EvaluationError as error:
        tally.violated += 1
        yield _violation(rule, f"a rule cannot be evaluated for this value: {error}", place)
        return
    finally:
        tally.stop(started)
    if held:
        tally.held += 1
        return
    tally.violated += 1
    if rule.message_expression and tally.seconds > _SECONDS:
        yield from _not_evaluated(rule, f"{_TOO_SLOW}, so the message shows no values", place, tally)
    yield _violation(rule, _message(rule, place, tally), place)


def _holds(rule: SchemaRule, place: _Place, tally: RuleTally) -> bool:
    from blueprint.cel.engine import UnsupportedError

    if rule.obstacle:
        raise UnsupportedError(rule.obstacle)
    if tally.seconds > _SECONDS:
        raise UnsupportedError(_TOO_SLOW)
    result = _result(rule, rule.text, place)
    if not isinstance(result, bool):
        raise UnsupportedError(f"its value is {type(result).__name__} instead of true or false")
    return result


def _result(rule: SchemaRule, text: str, place: _Place) -> Any:
    from blueprint.cel.engine import UnsupportedError, compile_expression

    if (tree := _growing(text)) and (reason := _too_large(tree, place.size)):
        raise UnsupportedError(reason)
    kind = "map(string, dyn)" if rule.root else cel_type(rule.schema) or "dyn"
    program = compile_expression(text, (("self", kind),))
    return program.evaluate({"self": place.seen})


@lru_cache(maxsize=4096)
def _growing(text: str) -> CelExpression | None:
    """The tree of an expression whose values may be larger than the object; None for all others."""
    from blueprint.cel.growth import may_grow
    from blueprint.cel.syntax import CelError, parse

    try:
        tree = parse(text)
    except CelError:
        return None
    return tree if may_grow(tree) else None


def _too_large(tree: CelExpression, size: int) -> str | None:
    from blueprint.cel.growth import reason_against_growth

    return reason_against_growth(tree, {"self": size})


def _message(rule: SchemaRule, place: _Place, tally: RuleTally) -> str:
    """The rule's own message for a violation; the rule itself if there is none."""
    from blueprint.cel.engine import CompileError, EvaluationError, UnsupportedError

    if rule.message_expression and tally.seconds <= _SECONDS:
        started = tally.clock()
        try:
            text = _result(rule, rule.message_expression, place)
        except (CompileError, EvaluationError, UnsupportedError, UnrepresentableError):
            text = None
        tally.stop(started)
        if isinstance(text, str) and text.strip() and "\n" not in text and len(text) <= _LONGEST_MESSAGE:
            return text.strip()
    return rule.message.strip() or f"violates the rule {_one_line(rule.text)}"


def _violation(rule: SchemaRule, message: str, place: _Place) -> ObjectFinding:
    read = _read_by(rule, place)
    path = (*place.path, *(rule.field_path or (read[0] if len(read) == 1 else ())))
    where = format_path(path, place.whole)
    text = f"{where}: {message}" if where else message
    shown = _one_line(rule.text)
    help_ = None if shown in message else f"the rule is: {shown}"
    fields = ", ".join(sorted(format_path((*place.path, *each), place.whole) for each in read))
    evidence = ((FIELDS, fields),) if len(read) > 1 else ()
    return ObjectFinding(codes.RULE_VIOLATED, path, text, help_, evidence=evidence)


def _read_by(rule: SchemaRule, place: _Place) -> list[Path]:
    """The fields that a rule on an object reads, if they exist: more precise than the object."""
    chains = {chain for node in (rule.tree.walk() if rule.tree else ()) if (chain := _chain(node))}
    longest = {chain for chain in chains if not any(other[: len(chain)] == chain != other for other in chains)}
    at = value_at(place.whole, place.path)
    return [chain for chain in longest if value_at(at, chain) is not None]


def _chain(node: CelExpression) -> Path | None:
    """`self.a.b` as a path."""
    names: list[str] = []
    while node.kind == "select":
        names.append(str(node.value))
        node = node.parts[0]
    return tuple(reversed(names)) if node.kind == "name" and node.value == "self" and names else None


def _not_evaluated(rule: SchemaRule, reason: str, place: _Place, tally: RuleTally) -> Iterator[ObjectFinding]:
    """One note for each rule of a kind and each reason."""
    from blueprint.cel.engine import PACKAGE, is_available

    missing = not is_available()
    key = (place.kind,) if missing else (place.kind, rule.text, reason)
    if key in tally.reported:
        return
    tally.reported.add(key)
    if missing:
        text = f"validation rules of {place.kind} were not evaluated: {PACKAGE} is not installed"
        yield ObjectFinding(codes.RULE_NOT_EVALUATED, (), text, "install gpu-platform-blueprint[cel]")
        return
    text = f"a validation rule was not evaluated: {reason}"
    yield ObjectFinding(codes.RULE_NOT_EVALUATED, place.path, text, f"the rule is: {_one_line(rule.text)}")


def _one_line(text: str) -> str:
    return " ".join(text.split())
