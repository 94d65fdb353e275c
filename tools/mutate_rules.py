"""Mutation tests for rules: change the code in one place at a time and check whether an example or a test fails.

python tools/mutate_rules.py [--jobs N] [--sample N] [MODULE...]

MODULE is a part of a file name under blueprint/check (for example `gang`). The default is all modules, which takes an
hour. `--sample N` tests N changes of each module, the same ones in every run. For each module the output is the number
of changes that were detected, and the places of those that were not. If the condition of a rule can be changed without
a failure, an example is missing. Changes that make no difference are listed in tools/equivalent_changes.yaml, each with
the reason. A listed change that no longer occurs is an error.

Each change is tested in a separate process: first the examples on the rule pages of the module's codes, then the test
files that contain one of these codes. The modules directly in blueprint/check run rules and read schemas; they are
tested with the files that import the module or its importers. A module that only delegates has nothing to change.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import copy
import gc
import importlib.abc
import importlib.util
import os
import random
import re
import signal
import subprocess
import sys
import textwrap
import warnings
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = ("blueprint/check/rules", "blueprint/check/common", "blueprint/check/claims")
BESIDE = ROOT / "blueprint" / "check"
"""Its own modules run rules and read schemas; they hold none."""
SLOW = frozenset({"test_hostile_input", "test_impossible", "test_properties", "test_rule_costs", "test_scaling"})
"""Tests of whole runs, which take longer than all others together."""
SECONDS = 40
"""CPU time after which a change counts as detected, because it made something run indefinitely."""
TESTS = ("tests.check.test_rule_places", "tests.check.test_rule_variants", "tests.check.test_rules")
"""The tests that run the examples of the rule pages."""
EQUIVALENT = ROOT / "tools" / "equivalent_changes.yaml"
"""By module: changes as they are printed, without the line number, and why each makes no difference."""

COMPARISONS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot, ast.IsNot: ast.Is,
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt,
}  # fmt: skip


class NotTestedError(Exception):
    """A module has no tests, or they fail without any change."""


@dataclass(frozen=True)
class Change:
    """One change to a module: its line, a description, and the complete text of the changed module."""

    line: int
    what: str
    text: str


def changes(source: str) -> Iterator[Change]:
    """Every change of a module. Messages and declarations are not changed."""
    tree = ast.parse(source)
    for node, field, index in list(_places(tree)):
        held = getattr(node, field)
        old = held if index is None else held[index]
        for new in _variants(old):
            what = f"{_short(old)} -> {_short(new) if new is not None else 'nothing'}"
            if index is None:
                setattr(node, field, new)
            else:
                held[index : index + 1] = [] if new is None else [new]
            text = ast.unparse(tree)
            if index is None:
                setattr(node, field, old)
            else:
                held[index : index + (new is not None)] = [old]
            yield Change(old.lineno, what, text)


def _short(node: ast.AST) -> str:
    return textwrap.shorten(ast.unparse(node), 90, placeholder="...")


def _places(node: ast.AST) -> Iterator[tuple[ast.AST, str, int | None]]:
    """Where a node may be changed: its parent, the field, and the index if the field is a list."""
    if isinstance(node, ast.JoinedStr | ast.Import | ast.ImportFrom):
        return
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):  # a one-word docstring
        return
    if isinstance(node, ast.Call) and _called(node) in ("define", "rule", "TypeVar"):
        return
    if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
        return
    for field, value in ast.iter_fields(node):
        if field in ("decorator_list", "annotation", "returns", "ctx", "type_comment"):
            continue
        for index, each in enumerate(value) if isinstance(value, list) else ((None, value),):
            if isinstance(each, ast.expr | ast.stmt | ast.comprehension):
                if isinstance(each, ast.expr | ast.stmt) and not (_is_list(node) and isinstance(each, ast.Constant)):
                    yield node, field, index
                yield from _places(each)


def _called(node: ast.Call) -> str:
    return node.func.id if isinstance(node.func, ast.Name) else ""


def _variants(node: ast.AST) -> Iterator[ast.AST | None]:  # noqa: C901 - one case for each sort of node
    """The replacements for a node; None removes it."""
    match node:
        case ast.Compare(left, [operator], compared) if type(operator) in COMPARISONS:
            yield ast.Compare(left, [COMPARISONS[type(operator)]()], compared)
        case ast.BoolOp(operator, values):
            yield ast.BoolOp(ast.Or() if isinstance(operator, ast.And) else ast.And(), values)
            for rest in _without_one(values):
                yield rest[0] if len(rest) == 1 else ast.BoolOp(operator, rest)
        case ast.UnaryOp(ast.Not(), operand):
            yield operand
        case ast.If(ast.Name("TYPE_CHECKING")):
            return
        case ast.If() | ast.IfExp():
            yield from (_with(node, test=ast.Constant(value)) for value in (True, False))
        case ast.BinOp(left, ast.Add() | ast.Sub() as operator, right):
            yield ast.BinOp(left, ast.Sub() if isinstance(operator, ast.Add) else ast.Add(), right)
        case ast.Constant(value):
            yield from _constants(value)
        case ast.Expr(ast.Yield() | ast.YieldFrom()):
            yield ast.Pass()
        case ast.ListComp() | ast.SetComp() | ast.GeneratorExp() | ast.DictComp():
            yield from _unfiltered(node)
        case ast.Tuple(elements) | ast.List(elements) | ast.Set(elements) if _is_list(node):
            yield from (_with(node, elts=rest) for rest in _without_one(elements))


def _is_list(node: ast.AST) -> bool:
    """Whether the node is a list of constants only. Their elements are removed one at a time instead of being
    changed.
    """
    elements = node.elts if isinstance(node, ast.Tuple | ast.List | ast.Set) else []
    return len(elements) > 1 and all(isinstance(each, ast.Constant) for each in elements)


def _with(node: ast.AST, **fields: Any) -> ast.AST:
    changed = copy.copy(node)
    for name, value in fields.items():
        setattr(changed, name, value)
    return changed


def _without_one(nodes: list[ast.expr]) -> Iterator[list[ast.expr]]:
    return ([*nodes[:index], *nodes[index + 1 :]] for index in range(len(nodes)))


def _unfiltered(node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp) -> Iterator[ast.AST]:
    for index, each in enumerate(node.generators):
        if each.ifs:
            bare = ast.comprehension(each.target, each.iter, [], each.is_async)
            yield _with(node, generators=[*node.generators[:index], bare, *node.generators[index + 1 :]])


def _constants(value: object) -> Iterator[ast.AST]:
    if isinstance(value, bool):
        yield ast.Constant(not value)
    elif isinstance(value, int):
        yield ast.Constant(value + 1)
    elif isinstance(value, str) and value and " " not in value:  # texts with spaces are messages
        yield ast.Constant(f"{value}XX")


class _Changed(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Imports one module from a different text."""

    def __init__(self, name: str, file: Path, text: str) -> None:
        self._name, self._file, self._text = name, file, text

    def find_spec(self, name: str, *_: Any) -> Any:
        return importlib.util.spec_from_file_location(name, self._file, loader=self) if name == self._name else None

    def create_module(self, _spec: Any) -> None:
        return None

    def exec_module(self, module: ModuleType) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SyntaxWarning)
            exec(compile(self._text, str(self._file), "exec"), module.__dict__)  # noqa: S102 - our own code, changed


@cache
def codes_of(file: Path) -> list[str]:
    """The codes of a module's rules, those it defines, and those of the modules that import it."""
    there = vars(sys.modules[_module_name(file)])
    rules = [each for each in (*there.get("RULES", ()), *there.values()) if type(each).__name__ == "Rule"]
    own = [code.id for rule in rules for code in rule.codes]
    text, name = file.read_text("utf-8"), _module_name(file)
    users = (each for each in modules() if name in _imported_by(each, inside=True))
    found = [*own, *re.findall(r'define\(\s*"(BP\d{4})"', text), *(code for user in users for code in codes_of(user))]
    return list(dict.fromkeys(found))


def _module_name(file: Path) -> str:
    return ".".join(file.relative_to(ROOT).with_suffix("").parts)


def modules() -> list[Path]:
    """Every module with code of rules, and those beside them."""
    found = (file for folder in FOLDERS for file in sorted((ROOT / folder).rglob("*.py")))
    return [file for file in (*found, *sorted(BESIDE.glob("*.py"))) if file.name != "__init__.py"]


def equivalent() -> dict[str, dict[str, str]]:
    """The changes that make no difference, by module, each with the reason."""
    import yaml

    found: dict[str, dict[str, str]] = yaml.safe_load(EQUIVALENT.read_text("utf-8")) or {}
    return found


def tests_of(file: Path, codes: list[str]) -> list[str]:
    """The tests of a module that need no server and no whole charts; those that import it themselves come first."""
    name, found = _module_name(file), []
    stale = _stale({name})
    for test in (each for folder in ("check", "lint") for each in sorted((ROOT / "tests" / folder).glob("test_*.py"))):
        text, imported = test.read_text("utf-8"), _imported_by(test)
        if _module_name(test) in TESTS or "server" in test.stem or "BLUEPRINT_REFERENCE" in text:
            continue
        beside = file.parent == BESIDE and test.stem not in SLOW and not imported.isdisjoint(stale)
        if beside or (file.parent != BESIDE and any(code in text for code in codes)):
            found.append((name not in imported, str(test.relative_to(ROOT))))
    return [test for _, test in sorted(found)]


def noticed(file: Path, text: str, codes: list[str], tests: list[str]) -> bool:
    """Whether an example or a test fails if a module has a different text. Runs in a separate process."""
    child = os.fork()
    if child == 0:
        status = 1
        with contextlib.suppress(BaseException):
            signal.setitimer(signal.ITIMER_PROF, SECONDS)
            nothing = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nothing, 1)
            os.dup2(nothing, 2)
            status = 0 if _passes(file, text, codes, tests) else 1
        os._exit(status)
    return os.waitpid(child, 0)[1] != 0


def _passes(file: Path, text: str, codes: list[str], tests: list[str]) -> bool:
    name = _module_name(file)
    sys.meta_path.insert(0, _Changed(name, file, text))
    _forget({name, *TESTS})
    return _examples_pass(codes, hostile=file.parent != BESIDE) and (not tests or _tests_pass(tests))


def _forget(changed: set[str]) -> None:
    """Remove modules, and all that import them at module level, from the import cache."""
    for name in _stale(changed):
        package, _, own = name.rpartition(".")
        if package in sys.modules:  # the package may be stale itself
            vars(sys.modules[package]).pop(own, None)
        del sys.modules[name]
    importlib.import_module("blueprint.check.rules").rules_of.cache_clear()
    registry = vars(importlib.import_module("blueprint.diagnostics.registry"))
    registry.update({by: _Renewed(registry[by]) for by in ("_BY_ID", "_BY_SLUG")})


def _stale(changed: set[str]) -> set[str]:
    """Modules, and all that import them as they are imported."""
    stale, more = set(changed), set(changed)
    while more:
        more = {name for name, imported in _imports().items() if imported & more} - stale
        stale |= more
    return stale


class _Renewed(dict[str, Any]):
    """Codes by name. A module that is imported again may define its codes again."""

    def __contains__(self, _: object) -> bool:
        return False


@cache
def _imports() -> dict[str, set[str]]:
    """What each module of ours imports as it is imported."""
    ours = [
        (name, each.__file__) for name, each in list(sys.modules.items()) if name.startswith(("blueprint.", "tests."))
    ]
    return {name: _imported_by(Path(file)) for name, file in ours if file}


@cache
def _imported_by(file: Path, *, inside: bool = False) -> set[str]:
    """What a module imports as it is imported, with the names in it; also what it imports inside its functions."""
    tree = ast.parse(file.read_text("utf-8"))
    froms = [each for each in (ast.walk(tree) if inside else tree.body) if isinstance(each, ast.ImportFrom)]
    return {
        name for each in froms for name in (each.module or "", *(f"{each.module}.{own.name}" for own in each.names))
    }


def _examples_pass(codes: list[str], *, hostile: bool) -> bool:
    """Run the examples without pytest, which takes longer to start than the examples take to run.

    `hostile`: also with values of other types in every field. For the codes of all rules this takes 17 s of CPU time.
    """
    places, variants, rules = map(importlib.import_module, TESTS)
    tests = {
        rules.test_what_is_bad_is_found_and_what_is_good_is_not: rules.EXAMPLES,
        places.test_the_fields_that_findings_name_are_marked_in_the_example: rules.EXAMPLES,
        variants.test_variants_of_examples_are_judged_as_the_table_says: variants.VARIANTS,
        rules.test_a_finding_names_a_field_that_is_there: rules.EXAMPLES,
    }
    if hostile:
        tests[rules.test_no_rule_stumbles_over_anything_that_a_manifest_may_hold] = rules.EXAMPLES
    for test, about in tests.items():
        for code in (each for each in codes if each in about):
            try:
                test(code)
            except Exception:  # noqa: BLE001 - whatever it is, the change was noticed
                return False
    return True


def _tests_pass(tests: list[str]) -> bool:
    import pytest

    def no_process(*_: object, **__: object) -> None:
        pytest.skip("a process that a test starts has the code as it stands")

    subprocess.Popen.__init__ = no_process  # type: ignore[method-assign]
    plain = ["-x", "-q", "--no-header", "-p", "no:cacheprovider", "-p", "no:xdist", "-p", "no:randomly", "-m"]
    return pytest.main([*plain, "not lab", *tests]) == pytest.ExitCode.OK


def survivors(file: Path, jobs: int, sample: int | None = None) -> tuple[list[Change], int]:
    """The changes of a module that make a difference and are not detected, and the total number of changes.

    Raises NotTestedError if the module has no tests or they fail without any change.
    """
    source = file.read_text("utf-8")
    codes = codes_of(file)
    tests = tests_of(file, codes)
    made = list(changes(source))
    if made and (not (codes or tests) or noticed(file, source, codes, tests)):
        raise NotTestedError
    listed = equivalent().get(str(file.relative_to(ROOT)), {})
    if gone := listed.keys() - {each.what for each in made}:
        raise SystemExit(f"{EQUIVALENT}: {file} has no such change any more: {', '.join(sorted(gone))}")
    every = [each for each in made if each.what not in listed]
    if sample is not None and sample < len(every):
        every = random.Random(file.name).sample(every, sample)  # noqa: S311 - a choice, no secret
    with ThreadPoolExecutor(jobs) as pool:
        answers = list(pool.map(lambda each: noticed(file, each.text, codes, tests), every))
    return [each for each, answer in zip(every, answers, strict=True) if not answer], len(every)


def main() -> None:
    """Print one line for each module and one for each change that was not detected."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("modules", metavar="MODULE", nargs="*")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--sample", type=int, metavar="N")
    options = parser.parse_args()
    os.chdir(ROOT)
    sys.path.insert(0, str(ROOT))
    for name in ("pytest", "hypothesis", "blueprint.lint.run", "tests.conftest", *TESTS):
        importlib.import_module(name)
    for name in map(_module_name, modules()):
        importlib.import_module(name)
    _imports()
    gc.freeze()
    chosen = [each for each in modules() if not options.modules or any(part in str(each) for part in options.modules)]
    total = left = 0
    failed = False
    for file in chosen:
        try:
            unnoticed, count = survivors(file, options.jobs, options.sample)
        except NotTestedError:
            failed = True
            print(f"{file.relative_to(ROOT)}: its tests fail as it stands, or there are none", flush=True)
            continue
        total, left = total + count, left + len(unnoticed)
        share = (count - len(unnoticed)) / max(count, 1)
        print(f"{share:6.1%}  {count - len(unnoticed)} of {count}  {file.relative_to(ROOT)}", flush=True)
        for each in unnoticed:
            print(f"          line {each.line}: {each.what}", flush=True)
    alike = sum(map(len, equivalent().values()))
    print(f"{(total - left) / max(total, 1):6.1%}  {total - left} of {total}, {alike} make no difference")
    sys.exit(failed)


if __name__ == "__main__":
    main()
