"""A secret in plain text is reported, but never shown."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from blueprint.cli.main import main

GOOD = Path(__file__).parents[1] / "bad_input" / "good"
HIDDEN = "hunter2hunter2"
FORMATS = ("text", "json", "sarif", "github", "markdown", "html")
SETTING = "        driverEnv: {{NGC_API_KEY: {value}}}\n"
POD = """
apiVersion: v1
kind: Pod
metadata: {{name: job, namespace: default}}
spec:
  containers:
    - name: main
      image: registry.example/app:1
      env:
        - {{name: HF_TOKEN, value: {value}}}
"""


@pytest.mark.parametrize("format_", FORMATS)
@pytest.mark.parametrize("where", ["setting", "manifest", "set"])
def test_no_report_shows_it(
    format_: str, where: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(GOOD, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    file, more = Path("blueprint.yaml"), []
    if where == "setting":
        line = "        maxParallelUpgrades: 2\n"
        file.write_text(file.read_text().replace(line, line + SETTING.format(value=HIDDEN)))
    elif where == "manifest":
        Path("extra/pod.yaml").write_text(POD.format(value=HIDDEN))
    else:
        more = ["--set", f"spec.components.gpu-operator.settings.driverEnv.NGC_API_KEY={HIDDEN}"]
    assert main(["validate", "blueprint.yaml", "--report", format_, *more]) == 1
    told = "".join(capsys.readouterr())
    assert "secret-in-plain-text" in told
    assert HIDDEN not in told


def test_the_rest_of_the_source_is_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Only the value is masked."""
    shutil.copytree(GOOD, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    Path("extra/pod.yaml").write_text(POD.format(value=HIDDEN))
    main(["validate", "blueprint.yaml"])
    assert "- {name: HF_TOKEN, value: **************" in capsys.readouterr().out


MALFORMED = """
apiVersion: v1
kind: Secret
metadata: {{name: s, namespace: default}}
data: {{plain: {value}!, number: 5}}
stringdata: {{a: {value}}}
"""


@pytest.mark.parametrize("format_", FORMATS)
def test_no_report_shows_the_lines_of_a_malformed_secret(
    format_: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Mistakes in a Secret are on the lines of its values, or next to them."""
    shutil.copytree(GOOD, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    Path("extra/secret.yaml").write_text(MALFORMED.format(value=HIDDEN))
    assert main(["validate", "blueprint.yaml", "--report", format_]) == 1
    shown = "".join(capsys.readouterr())
    assert "BP5003" in shown
    assert HIDDEN not in shown
