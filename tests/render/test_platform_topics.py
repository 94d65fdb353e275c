"""Topics with text for one platform: the engine of each pool, and the parts that matter for the declaration."""

from __future__ import annotations

from pathlib import Path

import pytest

from blueprint.cli.main import main
from blueprint.pipeline import compile_blueprint
from blueprint.render.topics import platform_topic, platform_topics
from blueprint.report.topics import explain
from tests.support.engines import with_engines
from tests.support.platforms import compiled

BOTH = Path("examples/batch-and-interactive/blueprint.yaml")
PLAIN = with_engines("""
  nodePools:
    one: {nodes: 2, gpu: {product: L40S, count: 4}}
  queueing: {kai: {}}
  tenants: {a: {namespaces: [a], quota: {one: 4}}}
""")
MIG = with_engines("""
  nodePools:
    one: {nodes: 1, queue: kai, gpu: {product: A100-SXM4-80GB, count: 8, mig: {
      strategy: mixed, layout: [{devices: all, profiles: {3g.40gb: 2}}]}}}
    two: {nodes: 2, queue: kueue, gpu: {product: H100-SXM5-80GB, count: 8}}
  queueing: {kueue: {}, kai: {}}
  tenants:
    group: {}
    a: {parent: group, namespaces: [a], quota: {one: {3g.40gb: 4}}}
    b: {parent: group, namespaces: [b], quota: {two: {guaranteed: 8, lend: 4}}}
""")
ALONE = with_engines("  nodePools:\n    one: {nodes: 2, gpu: {product: L40S, count: 4}}\n")


def queueing_of(text: str) -> str:
    platform = compiled(text).platform
    assert platform
    return platform_topic("queueing", platform)


def test_it_names_the_engine_of_each_pool_and_queue() -> None:
    platform = compile_blueprint(str(BOTH)).platform
    assert platform
    text = platform_topic("queueing", platform)
    assert "- **interactive** belongs to KAI" in text
    assert "- **train** belongs to Kueue" in text
    assert "- **vision** in interactive (KAI): queue `vision.interactive`, 6 gpu of its own, 10 gpu with what" in text
    assert "- **products** in interactive (KAI): queue `products.interactive`, 4 gpu of its own." in text
    assert "- **language** in train (Kueue): queue `kueue`, 32 gpu of its own, 64 gpu" in text


@pytest.mark.parametrize(
    ("phrase", "text"),
    [
        ("**MIG on pools of KAI** (one)", MIG),
        ("**Limits of lending** (`lend`): Kueue enforces them on two", MIG),
        ("**Pods that do not become ready**", MIG),
        ("namespaces of a have no ResourceQuota", PLAIN),
        ("so there are no queues", ALONE),
    ],
)
def test_what_is_declared_has_its_sentence(phrase: str, text: str) -> None:
    assert phrase in queueing_of(text)


@pytest.mark.parametrize(
    ("phrase", "text"),
    [
        ("GPU fractions", PLAIN),
        ("Priorities of 100", PLAIN),
        ("Kueue", PLAIN.replace("none", "")),
        ("Borrowing on pools of KAI", PLAIN),
        ("Past usage", MIG),
        ("Quota of both engines", MIG),
        ("Claims on pools", MIG),
        ("TrainJob", PLAIN),
    ],
)
def test_what_is_not_declared_has_none(phrase: str, text: str) -> None:
    assert phrase not in queueing_of(text).partition("## Consequences")[2].partition("`blueprint explain")[0]


def test_lines_do_not_run_into_each_other() -> None:
    """Each item begins a line, and no tag of the template remains."""
    for text in (PLAIN, MIG):
        found = queueing_of(text)
        assert "{%" not in found
        assert all(line.startswith(("#", "- ", "  ", "`", "")) for line in found.splitlines())
        assert found.count("\n- **") == found.count("- **")


def test_without_a_blueprint_the_topic_compares_the_engines() -> None:
    assert {*platform_topics()} == {"queueing"}
    assert "How the engines are separated" in str(explain("queueing"))


def test_on_the_command_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "queueing", "--blueprint", str(BOTH), "--no-pager"]) == 0
    assert "vision.interactive" in capsys.readouterr().out
    assert main(["explain", "h100", "--blueprint", str(BOTH)]) == 2
    assert "topics that use it: queueing" in capsys.readouterr().out


def test_a_blueprint_that_is_not_valid_is_not_explained(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    broken = tmp_path / "blueprint.yaml"
    broken.write_text(PLAIN.replace("quota: {one: 4}", "quota: {two: 4}"))
    assert main(["explain", "queueing", "--blueprint", str(broken)]) == 1
    assert "BP3425" in capsys.readouterr().out
