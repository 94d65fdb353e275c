"""Conventions that no linter checks: sizes, codes, leaf packages, and names that do not belong in a public
repository.
"""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "blueprint"
MODULES = sorted(PACKAGE.rglob("*.py"))
DIGITS = {
    "diagnostics": "0", "report": "0", "lab": "0", "source": "12", "spec": "2", "catalog": "3", "platform": "3",
    "render": "4", "bundle": "4", "changes": "4", "check": "056", "lint": "0",
    "admission": "4", "cluster": "7", "drift": "8",
    "probe": "9", "registry": "4", "apiserver": "7", "inventory": "7", "waivers": "0",
}  # fmt: skip
ANY_PACKAGE_INDEX = {"pypi.org", "files.pythonhosted.org", "proxy.golang.org", "sum.golang.org", "github.com"}


def tracked() -> Iterator[tuple[str, str]]:
    """Every text file of the repository: name and content."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("this is no git checkout")
    for name in filter(None, listed.stdout.split("\0")):
        path = ROOT / name
        if path.is_file() and b"\0" not in (content := path.read_bytes()):
            yield name, content.decode()


def functions(tree: ast.AST) -> Iterator[ast.FunctionDef]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))


def test_files_and_functions_are_small() -> None:
    long = []
    for path in MODULES:
        text = path.read_text(encoding="utf-8")
        if (lines := text.count("\n")) > 400:
            long.append(f"{path.relative_to(ROOT)}: {lines} lines")
        long += [
            f"{path.relative_to(ROOT)}:{function.lineno} {function.name}"
            for function in functions(ast.parse(text))
            if (function.end_lineno or 0) - function.lineno >= 60
        ]
    assert not long


def defined_codes() -> Iterator[tuple[str, str, str]]:
    """Package, constant, id of every code that has a name. Those of rules are covered by the rules' examples."""
    for path in (*PACKAGE.rglob("*codes.py"), *(PACKAGE / "probe" / "checks").glob("*.py")):
        for name, code in re.findall(r'^([A-Z][A-Z0-9_]*) = define\(\s*"(BP\d{4})"', path.read_text(), re.MULTILINE):
            yield path.relative_to(PACKAGE).parts[0], name, code


def test_codes_belong_to_their_step() -> None:
    codes = list(defined_codes())
    assert len(codes) > 100
    assert not [code for package, _, code in codes if code[2] not in DIGITS[package]]


def test_every_code_can_be_reported() -> None:
    """A code that is never reported would be a false promise in the reference."""
    used = set()
    for path in MODULES:
        text = path.read_text(encoding="utf-8")
        text = re.sub(r"^[A-Z][A-Z0-9_]* = define\(", "", text, flags=re.MULTILINE)
        used |= set(re.findall(r"\b[A-Z][A-Z0-9_]+\b", text if not path.name.endswith("codes.py") else ""))
    assert not [f"{package}: {name} ({code})" for package, name, code in defined_codes() if name not in used]


@pytest.mark.parametrize(
    ("leaf", "also"),
    [
        ("diagnostics", {"blueprint", "blueprint.patterns"}),
        (
            "probe",
            {
                "blueprint",
                "blueprint._version",
                "blueprint.files",
                "blueprint.patterns",
                "blueprint.versions",
                "pynvml",
            },
        ),
    ],
)
def test_leaves_import_the_standard_library_alone(leaf: str, also: set[str]) -> None:
    """import-linter forbids libraries by name; here everything is forbidden that is not allowed.

    `diagnostics` walks over the packages to find their codes, `probe` packs its own files; neither knows another.
    """
    for path in (PACKAGE / leaf).rglob("*.py"):
        for module in imports(ast.parse(path.read_text(encoding="utf-8"))):
            own = module.startswith((f"blueprint.{leaf}", "blueprint.diagnostics")) or module in also
            assert own or module.partition(".")[0] in sys.stdlib_module_names, f"{path}: {module}"


def imports(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or "."


def test_nothing_names_the_machine_it_was_written_on() -> None:
    """Folders of a workplace, and hosts that only its installer knows, do not belong in a public repository."""
    hosts = set()
    for name, value in os.environ.items():
        if re.match(r"(?i)(PIP|UV|GO)\w*(INDEX|PROXY|LINKS|MIRROR)|(HTTPS?|ALL)_PROXY", name):
            hosts |= {urlsplit(part).hostname for part in re.split(r"[\s,|]+", value) if "://" in part}
    words = [re.escape(host) for host in hosts - ANY_PACKAGE_INDEX if host and "." in host and host != "127.0.0.1"]
    pattern = re.compile("|".join([r"(?<![\w.*-])/" + r"work/", r"\.\./" + r"shared/", *words]))
    found = [f"{name}: {match[0]}" for name, text in tracked() if (match := pattern.search(text))]
    assert not found
