"""A cache is used only if its text and its code are unchanged, and is never required."""

from __future__ import annotations

import hashlib
import marshal
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from blueprint import disk_cache
from blueprint.disk_cache import DiskCache

TEXT = b"a: 1\n"


@pytest.fixture
def maker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The source file of the cached function; caches are below the same folder."""
    monkeypatch.setattr(sys, "pycache_prefix", str(tmp_path / "cache"))
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    monkeypatch.setattr(disk_cache, "_caches", [])
    (tmp_path / "maker.py").write_text("first")
    return tmp_path / "maker.py"


def saved(maker: Path) -> Path:
    """The file of a cache with one entry."""
    cache = DiskCache("results", str(maker))
    cache.put("key", TEXT, {"a": (1, None)})
    cache.save()
    (file,) = maker.parent.rglob("results.*.cache")
    return file


def test_the_next_process_finds_it(maker: Path) -> None:
    saved(maker)
    assert DiskCache("results", str(maker)).get("key", TEXT) == {"a": (1, None)}


def test_another_key_or_text_finds_nothing(maker: Path) -> None:
    saved(maker)
    assert DiskCache("results", str(maker)).get("other", TEXT) is None
    assert DiskCache("results", str(maker)).get("key", TEXT + b"#") is None


def test_other_code_finds_nothing(maker: Path) -> None:
    saved(maker)
    assert DiskCache("results", str(maker), extra="2.0").get("key", TEXT) is None
    maker.write_text("second")
    assert DiskCache("results", str(maker)).get("key", TEXT) is None


def test_without_the_sources_of_the_code_nothing_is_stored_or_found(maker: Path) -> None:
    """Otherwise a release without sources would use what an earlier one stored."""
    file = saved(maker)
    file.write_bytes(marshal.dumps((b"", {"key": (hashlib.sha256(TEXT).digest(), marshal.dumps(1))})))
    for makers in ((str(maker.with_name("gone.py")),), (str(maker),)):
        cache = DiskCache("results", *makers)
        assert cache.get("key", TEXT) is None
    stored = file.read_bytes()
    cache = DiskCache("results", str(maker.with_name("gone.py")))
    cache.put("key", TEXT, 1)
    cache.save()
    assert file.read_bytes() == stored


@pytest.mark.parametrize("content", [b"", b"no marshal", marshal.dumps((b"", {}))[:-1], marshal.dumps(7)])
def test_a_broken_file_is_made_again(maker: Path, content: bytes) -> None:
    file = saved(maker)
    file.write_bytes(content)
    cache = DiskCache("results", str(maker))
    assert cache.get("key", TEXT) is None
    cache.put("key", TEXT, 1)
    cache.save()
    assert DiskCache("results", str(maker)).get("key", TEXT) == 1


def test_it_is_written_only_where_byte_code_is_written(maker: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    cache = DiskCache("results", str(maker))
    cache.put("key", TEXT, 1)
    cache.save()
    assert not list(maker.parent.rglob("*.cache*"))
    assert cache.get("key", TEXT) == 1


def test_a_place_that_cannot_be_written_loses_nothing(maker: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "pycache_prefix", str(maker))  # a file, so no folder can be created below it
    cache = DiskCache("results", str(maker))
    cache.put("key", TEXT, 1)
    cache.save()
    assert cache.get("key", TEXT) == 1


def test_it_is_reset_when_old_entries_have_accumulated(maker: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    saved(maker)
    monkeypatch.setattr(disk_cache, "MOST", 1)
    assert DiskCache("results", str(maker)).get("key", TEXT) is None


def test_a_second_compile_parses_and_compiles_nothing_that_is_shipped(tmp_path: Path) -> None:
    """Only the blueprint itself is parsed, and no expression is compiled by Jinja2."""
    example = Path(__file__).parent.parent / "examples" / "h100-training" / "blueprint.yaml"
    script = f"""
import sys
from jinja2 import Environment
from blueprint.cli.main import main
from blueprint.source import loader

parsed, compiled = [], []
read, compile = loader.read_stream, Environment.compile
loader.read_stream = lambda builder: (parsed.append(builder.file), read(builder))[1]
Environment.compile = lambda *arguments, **options: (compiled.append(1), compile(*arguments, **options))[1]
code = main(["validate", {str(example)!r}])
print(len(parsed), len(compiled), *parsed[:9], file=sys.stderr)
sys.exit(code)
"""
    script = f"import os; os.umask(0)\n{script}"
    environment = {**os.environ, "PYTHONPYCACHEPREFIX": str(tmp_path)}
    first, second = (
        subprocess.run(
            [sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True
        ).stderr.split()
        for _ in range(2)
    )
    assert int(first[0]) > 50
    assert int(first[1]) > 300
    assert second[1] == "0"
    assert not [name for name in second[2:] if not name.endswith(("blueprint.yaml", ".blueprint.toml"))], second
    assert not any(mode & stat.S_IWOTH for mode in (file.stat().st_mode for file in tmp_path.rglob("*.cache")))
