"""A rule that does not compare everything, because there is too much, is a note with the reason: one for each rule."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from blueprint import promql
from blueprint.bundle.model import USERS, Object
from blueprint.check.policy import RulePolicy
from blueprint.check.runner import run_rules
from blueprint.cli.main import main
from blueprint.diagnostics import Diagnostic, Severity, spelling
from blueprint.render.canonical import canonical
from tests.support.rule_facts import context

POD = """\
apiVersion: v1
kind: Pod
metadata: {name: pod-NUMBER, namespace: team, labels: {app: serve, tier: "NUMBER"}}
spec: {containers: [{name: main, image: "a:1", resources: {limits: {nvidia.com/gpu: 1}}}]}
"""
SERVICE = """\
apiVersion: v1
kind: Service
metadata: {name: service-NUMBER, namespace: team, labels: {app: serve}}
spec: {selector: SELECTOR, ports: [{port: 80, targetPort: http}]}
"""
PROMETHEUS = """\
apiVersion: monitoring.coreos.com/v1
kind: Prometheus
metadata: {name: prometheus-NUMBER, namespace: team}
spec: {serviceMonitorSelector: {matchLabels: {release: "NUMBER"}}}
"""
MONITOR = """\
apiVersion: monitoring.coreos.com/v1
kind: ServiceMonitor
metadata: {name: monitor-NUMBER, namespace: team}
spec: {selector: {matchLabels: {app: serve}}, endpoints: [{port: http}]}
"""
QUEUE = """\
apiVersion: kueue.x-k8s.io/v1beta2
kind: LocalQueue
metadata: {name: queue-NUMBER, namespace: team}
spec: {clusterQueue: queue-NUMBER}
"""
QUOTA = """\
apiVersion: v1
kind: ResourceQuota
metadata: {name: quota-NUMBER, namespace: team}
spec: {hard: {requests.nvidia.com/gpu: "0"}}
"""
NODE_POOL = """\
apiVersion: karpenter.sh/v1
kind: NodePool
metadata: {name: pool-NUMBER}
spec:
  template:
    spec:
      requirements: [{key: karpenter.k8s.aws/instance-gpu-count, operator: Gt, values: ["0"]}]
      taints: [{key: team, value: "NUMBER", effect: NoSchedule}]
"""
RULES = """\
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata: {name: rules-NUMBER, namespace: team}
spec: {groups: [{name: a, rules: [{alert: Busy, expr: EXPRESSION}]}]}
"""
NO_POD = SERVICE.replace("SELECTOR", "{app: serve, part: none}")
ONE_LABEL = SERVICE.replace("SELECTOR", "{app: serve}")
OTHER_PODS = POD.replace("app: serve", "part: none").replace("pod-", "other-")
CASES: dict[str, tuple[str, list[str], list[str], str | None]] = {
    "pods of a selector": ("BP6157", [POD, OTHER_PODS], [NO_POD], "pods have each of the labels of a selector"),
    "pods of one label": ("BP6157", [POD], [ONE_LABEL], None),
    "ports of pods": ("BP6158", [POD], [ONE_LABEL], "pods have each of the labels of a selector"),
    "Prometheus objects": ("BP6534", [PROMETHEUS], [MONITOR], "Prometheus objects"),
    "targets of a monitor": ("BP6535", [ONE_LABEL], [MONITOR], "targets have each of the labels of a selector"),
    "queues of a namespace": ("BP6478", [QUEUE], [QUOTA], "queues"),
    "NodePools": ("BP6151", [NODE_POOL], [POD], "NodePools with GPUs and different taints"),
}
"""For each limit: a code, objects of which there are too many, objects that are compared with them, the reason."""


def objects(texts: list[str], number: int) -> list[Object]:
    made = [yaml.safe_load(text.replace("NUMBER", str(each))) for text in texts for each in range(number)]
    return [Object(canonical(each), USERS) for each in made]


def notes(code: str, among: list[Object]) -> list[Diagnostic]:
    found = run_rules(context(among), RulePolicy(select=(code,))).diagnostics
    return [each for each in found if each.code.id == "BP0069"]


@pytest.mark.parametrize("case", CASES)
def test_what_is_not_compared_is_a_note(case: str) -> None:
    code, many, compared, reason = CASES[case]
    assert notes(code, [*objects(many, 100), *objects(compared, 1)]) == []
    found = notes(code, [*objects(many, 101), *objects(compared, 2)])
    if reason is None:
        assert found == []
        return
    [note] = found
    assert note.severity is Severity.NOTE
    assert code in note.message
    assert "for 2 objects: " in note.message
    assert "more than 100 " in note.message
    assert reason in note.message
    assert dict(note.evidence)["first"].endswith("-0")


def test_names_that_are_not_compared_are_a_note(monkeypatch: pytest.MonkeyPatch) -> None:
    pod = POD.replace("image:", "securityContext: {capabilities: {add: [NET_ADMINN]}}, image:")
    assert notes("BP6160", objects([pod], 2)) == []
    monkeypatch.setattr(spelling, "MOST_COMPARISONS", 45)
    [note] = notes("BP6160", objects([pod], 2))
    assert note.message == (
        "the rule for BP6160 is incomplete for 1 object: there are too many names to search for misspelt ones"
    )


@pytest.mark.skipif(not promql.is_available(), reason="needs the extra promql")
@pytest.mark.parametrize("code", ["BP6570", "BP6571", "BP6572"])
def test_long_expressions_are_a_note(code: str) -> None:
    short, long = (RULES.replace("EXPRESSION", " + ".join(["up"] * number)) for number in (10, 1_500))
    assert notes(code, objects([short], 1)) == []
    [note] = notes(code, objects([short, long], 1))
    assert note.message == (f"the rule for {code} is incomplete for 1 object: an expression is too long to be read")


@pytest.mark.parametrize(
    ("code", "field"),
    [
        ("BP6163", "args: [LIST, $POD], env: [{name: POD, value: a}]"),
        ("BP6164", "args: [LIST, --model a]"),
        ("BP6160", "securityContext: {capabilities: {add: [LIST, NET_ADMINN]}}"),
    ],
)
def test_lists_are_checked_to_their_end(code: str, field: str) -> None:
    pod = POD.replace("image:", f"{field.replace('LIST', ', '.join(['CHOWN'] * 200))}, image:")
    found = run_rules(context(objects([pod], 1)), RulePolicy(select=(code,))).diagnostics
    assert code in [each.code.id for each in found]


def test_a_report_shows_it_and_the_result_is_the_same(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    many = [each.data for each in (*objects([QUEUE], 101), *objects([QUOTA], 1))]
    (tmp_path / "all.yaml").write_text(yaml.safe_dump_all(many), "utf-8")
    assert main(["lint", str(tmp_path), "--select", "BP6478"]) == 0
    shown: Any = " ".join(capsys.readouterr().out.split())
    assert "note[BP0069] rule-incomplete: the rule for BP6478 is incomplete for 1 object: the namespace has" in shown
