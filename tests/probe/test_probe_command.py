"""`blueprint probe` and the zip application, as users and nodes run them."""

from __future__ import annotations

import ast
import datetime as dt
import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from blueprint.bundle.expectations_file import expectations_file
from blueprint.probe.engine import exit_code_of, judge
from blueprint.probe.pack import zipapp
from blueprint.probe.reading_file import read_reading
from blueprint.records import replace
from tests.probe.test_probe_hostile_tree import bound
from tests.support.nvml_stub.describe import fault, h100x8, lie
from tests.support.nvml_stub.root import Host, build, infiniband
from tests.support.probe_examples import BLUEPRINT, READINGS, expect, expectations
from tests.support.record_readings import add_function

HEALTHY = str(READINGS / "h100x8-healthy.json")
OLD_PYTHONS = sorted(
    path
    for folder in (Path("/usr/bin"), *(Path.home() / ".pyenv/versions").glob("*/bin"))
    for name in ("2.7", "3.6", "3.7", "3.8", "3.9", "3.10")
    if (path := folder / f"python{name}").exists()
)
Describe = Callable[[Any], Path]


@pytest.fixture
def expected(tmp_path: Path) -> str:
    """An `expectations.json` on its own, as it can be shipped to nodes."""
    path = tmp_path / "expectations.json"
    path.write_bytes(expectations_file(expectations()))
    return str(path)


def blueprint(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "blueprint.cli.main", "probe", *arguments]
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, timeout=60, env=os.environ | environment
    )
    assert "Traceback" not in done.stdout + done.stderr
    return done


def found(done: subprocess.CompletedProcess[str]) -> list[str]:
    return [each["code"] for each in json.loads(done.stdout)["diagnostics"]]


def test_a_live_node_is_recorded_and_judged_in_one_go(describe: Describe, expected: str, tmp_path: Path) -> None:
    library, out = str(describe(h100x8())), tmp_path / "reading.json"
    done = blueprint("--library", library, "--node", "gpu-7", "-o", str(out), "--expect", expected, "--pool", "train")
    assert done.returncode == 0, done.stdout
    assert "gpu-7: 8 x NVIDIA H100 80GB HBM3, driver 580.173.02" in done.stdout
    assert "synthetic" in done.stdout
    assert read_reading(out).node == "gpu-7"
    assert exit_code_of(judge(read_reading(out), expectations())) == 0


def test_a_finding_names_node_gpu_call_and_blueprint_line(describe: Describe, expected: str) -> None:
    library = str(describe(lie(h100x8(), 3, ecc=[0, 0])))
    done = blueprint(
        "--library", library, "--node", "gpu-7", "--expect", expected, "--pool", "train", "--report", "json"
    )
    assert done.returncode == 1
    [told] = json.loads(done.stdout)["diagnostics"]
    assert told["code"] == "BP9220"
    text = json.dumps(told)
    for part in (
        "Node/gpu-7", "GPU-00000000-5717-4000-8000-000000000003", "0000:5d:00.0", "nvmlDeviceGetEccMode(3)",
        "NVML_SUCCESS (0)", "[0, 0]", BLUEPRINT, "nodePools.train.ecc-mode",
    ):  # fmt: skip
        assert part in text


def test_a_recorded_reading_is_judged_anywhere(expected: str) -> None:
    done = blueprint("--reading", HEALTHY, "--expect", expected, "--pool", "train")
    assert done.returncode == 0, done.stdout


def test_what_is_unknown_exits_3_and_a_finding_beside_it_1(describe: Describe, expected: str) -> None:
    judged = ("--node", "gpu-7", "--expect", expected, "--pool", "train", "--report", "json")
    hung = fault(h100x8(), "nvmlDeviceGetEccMode", device=3, sleep=60)
    done = blueprint("--library", str(describe(hung)), "--call-timeout", "0.4", *judged)
    assert (done.returncode, found(done)) == (3, ["BP9900"])
    done = blueprint("--library", str(describe(lie(hung, 4, ecc=[0, 0]))), "--call-timeout", "0.4", *judged)
    assert (done.returncode, sorted(found(done))) == (1, ["BP9220", "BP9900"])


def test_one_cause_is_reported_once(expected: str, tmp_path: Path) -> None:
    """No NVML: one finding, and one line about the nine facts that are unknown."""
    judged = ("--node", "gpu-7", "--expect", expected, "--pool", "train", "--report", "json")
    done = blueprint("--library", str(tmp_path / "none.so"), *judged)
    assert (done.returncode, found(done)) == (1, ["BP9000", "BP9902"])


def test_without_expectations_a_node_without_nvml_is_unknown_and_recorded(tmp_path: Path) -> None:
    out = tmp_path / "reading.json"
    done = blueprint("--library", str(tmp_path / "none.so"), "--node", "cpu-1", "-o", str(out))
    assert done.returncode == 3
    assert [call.code for call in read_reading(out).calls_of("nvmlInit")] == [12]


SYSTEM_POOL = """\
apiVersion: gpublueprint.dev/v1alpha2
kind: Blueprint
metadata: {name: two, version: 1.0.0}
spec:
  release: "2026.11"
  cluster: {kubernetes: "1.36.3"}
  nodePools:
    train: {nodes: 1, selector: {example.org/pool: train}, gpu: {product: H100-SXM5-80GB, count: 8}}
    system: {nodes: 1, selector: {example.org/pool: system}}
"""


@pytest.mark.parametrize(("gpus", "code"), [(0, 0), (8, 1)])
def test_a_pool_without_gpus_is_judged_alike_on_every_way(tmp_path: Path, gpus: int, code: int) -> None:
    """From the bundle, from its expectations alone, and with the zip application."""
    (tmp_path / "blueprint.yaml").write_text(SYSTEM_POOL, encoding="utf-8")
    compiler = [sys.executable, "-m", "blueprint.cli.main", "compile", "blueprint.yaml", "-o", "bundle"]
    subprocess.run(compiler, check=True, cwd=tmp_path, stdout=subprocess.DEVNULL)
    root = build(tmp_path / "root", Host(driver="", modules=("mlx5_core",)))
    for slot in range(gpus):
        address = root / f"sys/bus/pci/devices/0000:0{slot}:00.0"
        add_function(address, vendor=0x10DE, kind=0x030200, device=0x2330)
    app = tmp_path / "probe.pyz"
    assert blueprint("--zipapp", str(app)).returncode == 0
    live = ("--library", str(tmp_path / "none.so"), "--node", "cpu-0", "--root", str(root), "--pool", "system")
    expected = (str(tmp_path / "bundle"), str(tmp_path / "bundle/expectations.json"))
    ended = [blueprint(*live, "--expect", each).returncode for each in expected]
    for each in expected:
        command = [sys.executable, "-I", "-S", str(app), *live, "--expect", each]
        ended.append(subprocess.run(command, check=False, stdout=subprocess.DEVNULL).returncode)
    assert ended == [code] * 4


@pytest.mark.parametrize(
    ("time", "said"),
    [("2001-01-01T00:00:00Z", "days old"), ("2999-01-01T00:00:00.5Z", "in the future"), (None, "")],
)
def test_the_age_of_a_recorded_reading_is_reported(tmp_path: Path, time: str | None, said: str) -> None:
    now = dt.datetime.now(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    file = tmp_path / "reading.json"
    file.write_text(json.dumps(json.loads(Path(HEALTHY).read_text(encoding="utf-8")) | {"time": time or now}))
    done = blueprint("--reading", str(file))
    assert said in done.stderr
    assert bool(done.stderr) == bool(said)


@pytest.mark.parametrize("flag", ["--reading", "--expect"])
@pytest.mark.parametrize("kind", ["fifo", "zero", "loop"])
def test_what_is_not_a_file_is_refused_and_not_waited_for(tmp_path: Path, flag: str, kind: str) -> None:
    strange = tmp_path / "strange.json"
    if kind == "fifo":
        os.mkfifo(strange)
    else:
        strange.symlink_to({"zero": "/dev/zero", "loop": "strange.json"}[kind])
    given = ("--reading", HEALTHY, "--expect", str(strange), "--pool", "train")
    done = blueprint(*(given if flag == "--expect" else ("--reading", str(strange))))
    assert done.returncode == 2
    assert "BP9950" in done.stdout
    assert "strange.json" in done.stdout


def test_the_reading_on_stdout_is_nothing_but_the_reading(describe: Describe) -> None:
    done = blueprint("--library", str(describe(h100x8())), "--node", "gpu-7", "-o", "-")
    assert json.loads(done.stdout)["node"] == "gpu-7"
    assert (done.returncode, done.stderr) == (0, "")


def test_redaction_leaves_no_identity_in_the_file_nor_in_the_report(
    describe: Describe, expected: str, tmp_path: Path
) -> None:
    out = tmp_path / "reading.json"
    library = str(describe(lie(h100x8(), 3, ecc=[0, 0])))
    judged = ("--expect", expected, "--pool", "train", "--redact", "-o", str(out))
    done = blueprint("--library", library, "--node", "gpu-7", *judged)
    assert done.returncode == 1
    assert "5717-4000" not in done.stdout + out.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["--expect", "x"], "BP0002", "--expect and --pool require each other"),
        (["--pool", "x"], "BP0002", "--expect and --pool require each other"),
        (["--reading", HEALTHY, "--node", "a"], "BP0002", "--node concerns this machine"),
        (["--reading", HEALTHY, "--library", "a"], "BP0002", "--library concerns this machine"),
        (["--reading", HEALTHY, "--root", "/host"], "BP0002", "--root concerns this machine"),
        (["--node", "a b"], "BP0002", "not a node name"),
        (["--call-timeout", "0"], "BP0002", "--call-timeout must be above 0"),
        (["--call-timeout", "nan"], "BP0002", "--call-timeout must be above 0"),
        (["--reading", "absent.json"], "BP9950", "cannot open absent.json"),
        (["--reading", HEALTHY, "--expect", "absent.json", "--pool", "a"], "BP9950", "cannot open absent.json"),
        (["--reading", HEALTHY, "-o", "/absent/reading.json"], "BP9956", "cannot write /absent/reading.json"),
        (["--zipapp", "/absent/probe.pyz"], "BP9956", "cannot write /absent/probe.pyz"),
    ],
)
def test_what_cannot_start_exits_2_in_words(arguments: list[str], code: str, said: str) -> None:
    done = blueprint(*arguments)
    assert done.returncode == 2
    assert code in done.stdout
    assert said in done.stdout


def test_a_misspelt_pool_is_answered_with_the_nearest(expected: str) -> None:
    done = blueprint("--reading", HEALTHY, "--expect", expected, "--pool", "trian")
    assert done.returncode == 2
    assert "BP9954" in done.stdout
    assert "did you mean train?" in done.stdout


def test_a_damaged_reading_exits_1(tmp_path: Path, expected: str) -> None:
    damaged = tmp_path / "reading.json"
    damaged.write_text(Path(HEALTHY).read_text(encoding="utf-8")[:-40], encoding="utf-8")
    done = blueprint("--reading", str(damaged), "--expect", expected, "--pool", "train")
    assert done.returncode == 1
    assert "BP9951" in done.stdout


def test_a_failed_write_leaves_the_old_file_and_no_other(tmp_path: Path) -> None:
    target = tmp_path / "out.json"
    target.mkdir()
    assert blueprint("--reading", HEALTHY, "-o", str(target)).returncode == 2
    assert [each.name for each in tmp_path.iterdir()] == ["out.json"]


def what(path: Path) -> tuple[int, int, int]:
    """Kind, file and device of a path, at any time."""
    found = path.lstat()
    return found.st_mode, found.st_ino, found.st_rdev


class TestTarget:
    """`-o` and `--zipapp` write regular files and stdout, and change nothing else."""

    @pytest.fixture(params=["-o", "--zipapp"])
    def write(self, request: pytest.FixtureRequest) -> Callable[..., subprocess.CompletedProcess[bytes]]:
        def run(target: object, **how: Any) -> subprocess.CompletedProcess[bytes]:
            given = (
                ("--zipapp", str(target)) if request.param == "--zipapp" else ("--reading", HEALTHY, "-o", str(target))
            )
            command = [sys.executable, "-m", "blueprint.cli.main", "probe", *given]
            return subprocess.run(command, check=False, timeout=60, **({"capture_output": True} | how))

        return run

    @pytest.mark.parametrize("kind", ["fifo", "socket", "device", "folder", "loop"])
    @pytest.mark.parametrize("linked", [False, True])
    def test_what_is_not_a_regular_file_is_refused_and_stays(
        self, write: Callable[..., subprocess.CompletedProcess[bytes]], tmp_path: Path, kind: str, *, linked: bool
    ) -> None:
        target = tmp_path / "target"
        if kind == "fifo":
            os.mkfifo(target)
        elif kind == "socket":
            bound(target)
        elif kind == "folder":
            target.mkdir()
        else:
            target.symlink_to({"device": "/dev/null", "loop": "target"}[kind])
        before, asked = what(target), target
        if linked:
            asked = tmp_path / "link"
            asked.symlink_to(target)
        done = write(asked)
        assert done.returncode == 2, done.stdout
        assert b"BP9956" in done.stdout
        assert what(target) == before
        assert sorted(each.name for each in tmp_path.iterdir()) == (["link", "target"] if linked else ["target"])

    def test_a_device_itself_is_refused_and_stays(self, write: Callable[..., Any]) -> None:
        before = what(Path("/dev/null"))
        assert write("/dev/null").returncode == 2
        assert what(Path("/dev/null")) == before

    def test_a_link_to_a_file_is_followed_and_stays_one(self, write: Callable[..., Any], tmp_path: Path) -> None:
        (tmp_path / "file").write_text("old")
        (tmp_path / "link").symlink_to("file")
        assert write(tmp_path / "link").returncode in (0, 3)
        assert (tmp_path / "link").is_symlink()
        assert (tmp_path / "file").read_bytes() != b"old"

    @pytest.mark.parametrize("name", ["-", "/dev/stdout", "/dev/fd/1"])
    def test_stdout_is_written_to(self, write: Callable[..., Any], tmp_path: Path, name: str) -> None:
        """Even if it is a file: that is not replaced while another process has it open."""
        with (tmp_path / "out").open("wb") as out:
            assert write(name, stdout=out, stderr=subprocess.PIPE, capture_output=False).returncode == 0
            assert os.fstat(out.fileno()).st_ino == (tmp_path / "out").stat().st_ino
        content = (tmp_path / "out").read_bytes()
        assert content.startswith((b"{", b"#!/usr/bin/env python3\n"))
        assert content.endswith(b"}\n") or zipfile.is_zipfile(tmp_path / "out")


@cache
def packed() -> bytes:
    """The application, packed once."""
    return zipapp()


class TestZipapp:
    @pytest.fixture
    def app(self, tmp_path: Path) -> Path:
        path = tmp_path / "blueprint-probe.pyz"
        path.write_bytes(packed())
        return path

    def run(self, app: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Only with the standard library: no site-packages, no environment, another working directory."""
        command = [sys.executable, "-I", "-S", str(app), *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60, cwd="/")

    def test_it_records_and_judges_on_its_own(
        self, app: Path, describe: Describe, expected: str, tmp_path: Path
    ) -> None:
        library, out = str(describe(lie(h100x8(), 3, ecc=[0, 0]))), tmp_path / "reading.json"
        done = self.run(app, "--library", library, "--node", "gpu-7", "-o", str(out))
        assert (done.returncode, done.stderr) == (0, "")
        assert [call.answered for call in read_reading(out).calls_of("nvmlDeviceGetName", 7)] == [True]
        done = self.run(app, "--reading", str(out), "--expect", expected, "--pool", "train")
        assert done.returncode == 1
        assert f"{BLUEPRINT}:16:14: error[BP9220] ecc-mode" in done.stdout

    def test_it_reads_the_nodes_files_where_they_are_mounted(
        self, app: Path, describe: Describe, tmp_path: Path
    ) -> None:
        """As in a pod: the node's file system is mounted elsewhere, and one of its ports is down."""
        cards = infiniband()
        root = build(tmp_path / "host", Host(cards=(*cards[:7], replace(cards[7], state="1: DOWN"))))
        wanted = [expect("network-ports", {"fabric": "infiniband"}), expect("operating-system", "ubuntu-24.04")]
        (tmp_path / "e.json").write_bytes(expectations_file(wanted))
        live = ("--library", str(describe(h100x8())), "--node", "gpu-7", "--root", str(root))
        done = self.run(app, *live, "--expect", str(tmp_path / "e.json"), "--pool", "train")
        assert (done.returncode, done.stderr) == (1, "")
        assert "error[BP9301] network-port-down: mlx5_7 port 1 at 0000:dd:00 on gpu-7 is 1: DOWN" in done.stdout
        assert "file: /sys/class/infiniband/mlx5_7/ports/1: link_layer=InfiniBand" in done.stdout
        assert "1 wrong" in done.stdout

    def test_it_says_in_words_what_is_wrong(self, app: Path) -> None:
        done = self.run(app, "--reading", "/absent")
        assert (done.returncode, done.stderr) == (2, "")
        assert "BP9950" in done.stdout

    def test_it_holds_the_leaves_and_the_bindings_and_nothing_else(self, app: Path) -> None:
        names = zipfile.ZipFile(app).namelist()
        assert {name.split("/")[1] for name in names if "/" in name} == {
            "__init__.py",
            "_version.py",
            "diagnostics",
            "files.py",
            "patterns.py",
            "versions.py",
            "probe",
        }
        assert {name for name in names if "/" not in name} == {"__main__.py", "pynvml.py"}

    @pytest.mark.parametrize("version", OLD_PYTHONS or [None])
    def test_an_older_python_gets_one_sentence(self, app: Path, version: Path | None) -> None:
        """With whichever versions are installed here; at least the entry point must be text that they can read."""
        main_text = zipfile.ZipFile(app).read("__main__.py").decode("ascii")
        ast.parse(main_text, feature_version=(3, 4))
        assert 'f"' not in main_text
        if version is None:
            return
        done = subprocess.run([str(version), str(app), "-o", "-"], capture_output=True, text=True, check=False)
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr.startswith("blueprint-probe needs Python 3.11 or newer, and this is Python ")
        assert len(done.stderr.splitlines()) == 1

    def shell(self, app: Path, script: str) -> subprocess.CompletedProcess[str]:
        """The application under anything that a shell can do to a process; `$probe` runs it."""
        environment = os.environ | {"probe": f"{sys.executable} -I -S {app}"}
        command = ["bash", "-c", script]
        return subprocess.run(
            command, capture_output=True, text=True, check=False, timeout=60, cwd=app.parent, env=environment
        )

    @pytest.mark.parametrize(
        "script",
        [
            f"$probe --reading {HEALTHY} > /dev/full",
            f"$probe --reading {HEALTHY} -o - > /dev/full",
            "$probe --help > /dev/full",
            f"$probe --reading {HEALTHY} >&-",
            "ulimit -n 8; $probe --library none.so --node a",
            "$probe --library none.so --node a >&- 2>&-",
        ],
    )
    def test_an_accident_is_not_a_finding(self, app: Path, script: str) -> None:
        done = self.shell(app, script)
        assert done.returncode == 70, (done.stdout, done.stderr)
        assert len([line for line in done.stderr.splitlines() if "days old" not in line]) <= 1
        assert "Traceback" not in done.stderr

    @pytest.mark.parametrize("accident", ["OSError('no process')", "RuntimeError('a loop')", "MemoryError()"])
    def test_any_error_of_ours_is_not_a_finding(self, app: Path, accident: str) -> None:
        """For example, if no process can be started."""
        script = f"""
import runpy, subprocess, sys
def refuse(*_, **__):
    raise {accident}
subprocess.Popen = refuse
sys.argv = [{str(app)!r}, "--library", "none.so", "--node", "a"]
runpy.run_path({str(app)!r}, run_name="__main__")
"""
        done = subprocess.run([sys.executable, "-I", "-c", script], capture_output=True, text=True, check=False)
        assert done.returncode == 70
        assert len(done.stderr.splitlines()) == 1

    def test_help_and_usage_keep_their_codes(self, app: Path) -> None:
        done = self.run(app, "--help")
        assert (done.returncode, "--library" in done.stdout) == (0, True)
        assert self.run(app, "--no-such-flag").returncode == 2

    def test_it_is_the_same_bytes_every_time(self, tmp_path: Path) -> None:
        path = tmp_path / "written.pyz"
        assert blueprint("--zipapp", str(path)).returncode == 0
        assert path.read_bytes() == packed()


def test_the_probe_needs_nothing_but_the_standard_library_and_the_diagnostics() -> None:
    """It runs on nodes on which nothing else is installed."""
    script = (
        "import sys; from blueprint.probe.collect import collect; "
        "from blueprint.probe.engine import judge; import blueprint.probe.__main__; "
        "from blueprint.probe.checks import all_checks; all_checks(); "
        "print([name for name in sys.modules if name.split('.')[0] == 'blueprint' "
        "and name != 'blueprint' "
        "and name.split('.')[1] not in ('probe', 'diagnostics', 'files', 'patterns', 'versions', '_version')])"
    )
    checkout = {"PYTHONPATH": str(Path(__file__).parents[2])}
    command = [sys.executable, "-S", "-c", script]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=checkout)
    assert done.stdout.strip() == "[]"
