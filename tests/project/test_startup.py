"""Users wait for everything that a command imports."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from pathlib import Path

import pytest

from blueprint.cli.main import GROUPS, overview, verbs
from tests.support.waits import PATIENCE

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = "examples/h100-training/blueprint.yaml"
SCRIPT = """
import json, sys
before = set(sys.modules)
from blueprint.cli.main import main
code = main(sys.argv[1:])
print("\\n" + json.dumps([code, sorted(set(sys.modules) - before)]))
"""


def imported(*arguments: str) -> set[str]:
    """The modules that one command imports; the command must succeed."""
    command = [sys.executable, "-c", SCRIPT, *arguments]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE, check=False)
    code, modules = json.loads(result.stdout.splitlines()[-1])
    assert code == 0, result.stdout + result.stderr
    return set(modules)


def packages(modules: set[str]) -> set[str]:
    return {name.partition(".")[0] for name in modules}


def test_version_imports_nothing_but_itself() -> None:
    modules = imported("--version")
    assert {name for name in modules if name.startswith("blueprint")} == {
        "blueprint",
        "blueprint._version",
        "blueprint.cli",
        "blueprint.cli.main",
    }
    assert packages(modules) - {"blueprint"} <= set(sys.stdlib_module_names)
    assert not modules & {"argparse", "pathlib", "signal", "typing"}


def test_the_process_ends_without_tidying_up() -> None:
    """Freeing all objects of a compilation one by one takes a tenth of its time."""
    script = "import atexit; atexit.register(print, 'tidied up'); from blueprint.cli.main import entry; entry()"
    command = [sys.executable, "-c", script, "--version"]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE, check=True)
    assert result.stdout.startswith("blueprint ")
    assert "tidied up" not in result.stdout


@pytest.mark.parametrize("verb", [["validate", EXAMPLE], ["compile", EXAMPLE, "-o", "-"], ["images", EXAMPLE]])
def test_offline_verbs_import_neither_cluster_nor_git_nor_nvml(verb: list[str]) -> None:
    found = packages(imported(*verb))
    assert "pydantic" in found, "the deny-list would hold for a command that does nothing"
    assert not found & {"kubernetes", "git", "pynvml", "cryptography", "urllib3"}


def test_what_is_installed_beside_the_tool_is_not_listed() -> None:
    """Plugins of pydantic are not used, and the code that would search for them is not imported."""
    assert "importlib.metadata" not in imported("validate", EXAMPLE)


def test_compiling_loads_only_what_it_uses() -> None:
    """No modules of other verbs or report formats, and nothing for parts that the blueprint does not declare."""
    found = imported("compile", EXAMPLE, "-o", "-")
    assert "blueprint.bundle.assembly" in found
    unused = (
        "apiserver",
        "inventory",
        "cluster",
        "drift",
        "lab",
        "registry",
        "source.revision",
        "platform.observability.model",
        "platform.observability.dashboards",
        "platform.observability.expressions",
        "report.formats.html",
        "report.formats.sarif",
        "report.formats.markdown",
        "probe.collect",
        "probe.host_observations",
        "probe.network_cards",
        "probe.observations",
        "probe.reading",
        "probe.sweep",
        "probe.verdicts",
        "probe.worker",
    )
    assert not [name for name in found if name.removeprefix("blueprint.").startswith(unused)]
    assert not packages(found) & {"jsonschema", "ruamel", "requests", "asyncio"}


def test_a_bundle_is_made_where_something_of_it_is_shown() -> None:
    """For a valid blueprint, a report for people states how much it renders; one for programs contains the bundle's
    digest.
    """
    assert "blueprint.bundle.assembly" not in imported("validate", EXAMPLE)
    subjects = []
    for verb in (["validate", EXAMPLE, "--report", "json"], ["compile", EXAMPLE, "-o", "-", "--report", "json"]):
        command = [sys.executable, "-m", "blueprint", *verb]
        result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=True)
        subjects.append(json.loads(result.stderr or result.stdout)["subject"])
    assert subjects[0] == subjects[1]
    assert set(subjects[0]) == {"blueprint", "version", "digest"}


def test_help_imports_no_verb() -> None:
    assert {name for name in imported("--help") if name.startswith("blueprint")} == {
        "blueprint",
        "blueprint._version",
        "blueprint.cli",
        "blueprint.cli.commands",
        "blueprint.cli.main",
        "blueprint.cli.parser",
        "blueprint.patterns",
    }


def test_help_describes_each_verb_as_its_module_does() -> None:
    shown = overview()
    for verb in verbs():
        module = importlib.import_module(f"blueprint.cli.commands.{verb}")
        assert module.GROUP in GROUPS
        assert f"  {verb} " in shown
        assert " ".join(module.HELP.split()) in " ".join(shown.split())
    assert [title for title in GROUPS.values() if f"{title}:" not in shown] == []
    in_order = [
        shown.index(f"\n  {verb} ") for verb in ("init", "validate", "compile", "diff", "plan", "apply", "drift")
    ]
    assert in_order == sorted(in_order)


@pytest.mark.parametrize("verb", [["--help"], ["compile", "--help"], ["drift", "--help"]])
def test_help_imports_no_heavy_library(verb: list[str]) -> None:
    heavy = {
        "pydantic",
        "jinja2",
        "ruamel",
        "yaml",
        "jsonschema",
        "kubernetes",
        "git",
        "pynvml",
        "cryptography",
        "urllib3",
    }
    assert not packages(imported(*verb)) & heavy
