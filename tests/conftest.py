"""The lab that all tests of one run share, and how they behave without one.

A test that needs an API server uses the fixture `lab` (or `namespace`), or is marked `lab` if it starts labs itself.
Without binaries of a control plane such tests do NOT RUN, and the summary says so; under BLUEPRINT_REQUIRE_LAB=1 the
binaries are built first, and a test of the lab that is skipped fails the run.
"""

from __future__ import annotations

import gc
import os
import random
import signal
import subprocess
import sys
import uuid
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from blueprint.diagnostics import Refused
from blueprint.lab import Lab
from blueprint.lab.access import order_lab
from blueprint.lab.assets import find
from blueprint.lab.folder import Phase
from blueprint.lab.install import install
from blueprint.lab.pins import CONTROLLERS, LIVE, REQUIRED
from blueprint.lab.processes import Identity
from blueprint.lab.up import bring_up
from tests.support.waits import PATIENCE

settings.register_profile("any machine", deadline=None)  # the speed of a busy machine says nothing about the code
settings.load_profile("any machine")

os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # otherwise every process that a test starts compiles all modules again
sys.dont_write_bytecode = False

OWNER = "lab_owner"
MUST_RUN = os.environ.get("BLUEPRINT_REQUIRE_LAB") == "1"
GIVEN = {
    "gpu_operator": "with the real GPU Operator",
    "pinned_kueue": "with the Kueue that is rendered",
    "kai": "with the real KAI",
    "reference": "on what the upstream charts render",
}
"""Programs that cannot be built here: a test with this mark may be skipped even if the lab must run."""
NEEDS = {**GIVEN, "lab": "against the API server", "promtool": "of rules with promtool"}
"""Why a test with this mark needs the program."""
_skipped: list[tuple[str, str]] = []


class SharedLab(Lab):
    """The lab of this run. Give each test its own namespace and names, since others use the lab at the same time."""

    def kubectl(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run kubectl as the administrator; skips the test if there is none."""
        found = find("kubectl")
        if found is None:
            pytest.skip("there is no kubectl: blueprint lab install --with-kubectl")
        command = [found.path, "--kubeconfig", str(self.kubeconfig), *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=check, timeout=PATIENCE)

    def fresh(self, *, controllers: bool = False, every: bool = False, live: bool = False) -> SharedLab:
        """A second lab for this test alone, for cluster-scoped objects: `with lab.fresh() as own`."""
        return SharedLab.open(controllers=controllers, every=every, live=live)


@pytest.fixture(scope="session", autouse=True)
def _hangup() -> None:
    """Under nohup the run continues after a hangup; processes that tests start do not inherit that it is ignored."""
    if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
        signal.signal(signal.SIGHUP, lambda *_: None)  # a new program gets the default instead of a handler


@pytest.fixture(scope="session")
def lab(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SharedLab]:
    """One lab for the whole run and all of its workers; it ends with the run, even with kill -9."""
    worker = getattr(request.config, "workerinput", None)
    base = tmp_path_factory.getbasetemp()
    owner = Identity.parse(worker[OWNER]) if worker else Identity.mine()
    folder = (base.parent if worker else base) / "shared-lab"
    with bring_up(order_lab(folder, "tests", owner=owner), Phase.OWNED) as started:
        yield SharedLab(started.folder)


@pytest.fixture
def namespace(lab: SharedLab) -> str:
    """A new namespace. It is not deleted: without a controller manager the deletion would never finish."""
    name = f"t-{uuid.uuid4().hex[:12]}"
    lab.request("POST", "/api/v1/namespaces", {"metadata": {"name": name}})
    return name


def pytest_configure(config: pytest.Config) -> None:
    """Ctrl-C reaches the processes that tests start; the binaries are built only in the controller, and workers use
    them.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # under nohup and in background jobs, and children inherit it
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if MUST_RUN and not hasattr(config, "workerinput") and not config.option.collectonly:
        try:
            install(
                [name for name in (*REQUIRED, *CONTROLLERS, *LIVE, "kubectl") if find(name) is None], progress=_progress
            )
        except Refused as refused:
            raise pytest.UsageError(f"BLUEPRINT_REQUIRE_LAB=1, but: {refused}") from refused


def _progress(line: str) -> None:
    sys.stderr.write(f"{line}\n")


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node) -> None:
    """The lab belongs to the controller of pytest-xdist: a worker may be killed by the test that it runs."""
    node.workerinput[OWNER] = str(Identity.mine())


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--shuffle SEED`: no test may depend on an earlier one."""
    parser.addoption("--shuffle", metavar="SEED", type=int, help="run the tests in a random order")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark and skip tests that need a lab; shuffle if requested."""
    if (seed := config.getoption("--shuffle")) is not None:
        items.sort(key=lambda item: item.nodeid)
        random.Random(seed).shuffle(items)  # noqa: S311 - an order, no secret
    for item in items:
        if "lab" in getattr(item, "fixturenames", ()):
            item.add_marker("lab")
    marked = [item for item in items if item.get_closest_marker("lab")]
    if marked and (reason := _why_no_lab()):
        for item in marked:
            item.add_marker(pytest.mark.skip(reason=reason))


def pytest_collection_finish() -> None:
    """Collection creates many objects that live until the end; the garbage collector need not examine them again.

    A compilation creates many objects but few cycles: with Python's default thresholds it spends a fifth of its time in
    the collector.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)


def _why_no_lab() -> str | None:
    try:
        order_lab(Path("/"), "asking")
    except Refused as refused:
        return str(refused)
    return None


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Remember which tests of the lab were skipped, for any reason."""
    what = next((words for mark, words in NEEDS.items() if mark in report.keywords), None)
    if report.skipped and what and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        _skipped.append((what, reason.removeprefix("Skipped: ")))


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A run that requires a lab fails if it skipped a test of the lab."""
    skipped = [what for what, _ in _skipped if what not in GIVEN.values()]
    if MUST_RUN and skipped and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter) -> None:
    """Print it at the end, where it is noticed."""
    look = {"red": MUST_RUN, "yellow": not MUST_RUN, "bold": True}
    for (what, reason), count in sorted(Counter(_skipped).items()):
        terminalreporter.section("NOT RUN", sep="!", **look)
        tests = "test" if count == 1 else "tests"
        terminalreporter.line(f"{count} {tests} {what} did NOT RUN: {reason}", **look)
