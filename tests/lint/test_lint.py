"""Manifests of any origin: everything is read, every finding has its line, and upstream charts have no errors."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blueprint.cli import waiving
from blueprint.cli.main import main
from blueprint.diagnostics import Severity
from blueprint.lint.inputs import STDIN, read_inputs
from blueprint.lint.run import LintResult, lint

REFERENCE = Path(__file__).resolve().parents[3] / "shared" / "reference"
POD = """\
apiVersion: v1
kind: Pod
metadata: {name: job, namespace: default}
spec:
  containers:
    - name: main
      image: registry.example/app:1
      resources: {limits: {nvidia.com/gpu: 500m}}
"""
GOOD = POD.replace("500m", '"1"')
WAIVERS = """\
apiVersion: gpublueprint.dev/v1alpha1
kind: Waivers
waivers:
  - code: BP6101
    subject: Pod/default/job
    reason: the queue rounds up
    owner: ml-team@acme.example
    expires: 2027-03-01
"""
Linter = Callable[..., tuple[int, dict[str, Any]]]


@pytest.fixture
def blueprint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Linter:
    """Run `blueprint lint` in an empty folder; returns the exit code and the JSON report."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str, stdin: str = "") -> tuple[int, dict[str, Any]]:
        monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(stdin.encode())))
        code = main(["lint", *arguments, "--report", "json"])
        report: dict[str, Any] = json.loads(capsys.readouterr().out)
        return code, report

    return run


def places(report: dict[str, Any]) -> list[tuple[str, str, int]]:
    """Code, file and line of every finding."""
    found = report["diagnostics"]
    return [(each["code"], each["at"]["file"], each["at"]["line"]) for each in found if "at" in each]


def linted(text: str, **options: Any) -> LintResult:
    return lint(read_inputs([STDIN], text.encode()), kubernetes_minor="1.36", **options)


def test_a_finding_has_the_line_of_the_file(blueprint: Linter) -> None:
    Path("jobs").mkdir()
    Path("jobs/a.yaml").write_text(f"# first\n---\n{GOOD}---\n{POD.replace('job', 'other')}")
    code, report = blueprint("jobs")
    assert code == 1
    assert places(report) == [("BP6101", "jobs/a.yaml", 19)]


@pytest.mark.parametrize(
    ("values", "line"),
    [
        ("stringData:\n  password: hunter2", 4),
        ("data: {}\nstringData:\n  password: hunter2", 4),
        ("data: {user: bWU=}\nstringData: {a: b}", 4),
    ],
)
def test_a_secret_is_found_where_it_was_written(blueprint: Linter, values: str, line: int) -> None:
    """`data` is checked, to which `stringData` is added."""
    _, report = blueprint(STDIN, stdin=f"apiVersion: v1\nkind: Secret\nmetadata: {{name: s}}\n{values}\n")
    assert places(report) == [("BP6301", "<stdin>", line)]
    assert "hunter2" not in json.dumps(report)


def test_a_document_that_does_not_parse_does_not_stop_the_rest(blueprint: Linter) -> None:
    code, report = blueprint(STDIN, stdin=f"{GOOD}---\nbroken: [\n---\n{POD.replace('job', 'other')}")
    assert code == 1
    assert ("BP6101", "<stdin>", 19) in places(report)
    assert len(places(report)) == 2


def test_rules_judge_what_has_no_namespace_or_one_too_many(blueprint: Linter) -> None:
    """Most manifests in guides set no namespace: `kubectl apply -n` provides it."""
    cluster_wide = "apiVersion: v1\nkind: Namespace\nmetadata: {name: kube-flannel, namespace: default}\n"
    code, report = blueprint(STDIN, stdin=POD.replace(", namespace: default", "") + "---\n" + cluster_wide)
    assert code == 1
    assert [each["code"] for each in report["diagnostics"]] == ["BP6101", "BP5017"]


def test_rules_check_an_object_in_which_only_a_value_is_wrong() -> None:
    """All of its fields have the types that rules need, so one run reports everything."""
    text = POD.replace("image:", "imagePullPolicy: always\n      image:")
    codes = [each.code.id for each in linted(text).diagnostics if each.severity is Severity.ERROR]
    assert codes == ["BP5006", "BP6101"]


def test_it_says_on_how_many_objects_no_rules_ran(blueprint: Linter) -> None:
    malformed = POD.replace("containers:", "contaners:")
    _, report = blueprint(STDIN, stdin=f"{malformed}---\n{GOOD}")
    assert report["verdict"] == "Not valid: 2 objects; no rules ran on 1 malformed object."
    _, report = blueprint(STDIN, stdin=GOOD)
    assert report["verdict"] == "Valid: 1 object."


@pytest.mark.parametrize("inline", [True, False])
def test_a_waived_finding_does_not_count(blueprint: Linter, inline: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiving, "today", lambda: date(2026, 11, 29))
    comment = "  # blueprint: waive BP6101 until 2027-03-01 -- the queue rounds up (ml-team@acme.example)"
    Path("job.yaml").write_text(POD.replace("500m}}", "500m}}" + comment) if inline else POD)
    if not inline:
        Path("waivers.yaml").write_text(WAIVERS)
    code, report = blueprint("job.yaml")
    assert (code, places(report)) == (0, [])
    assert [each["code"] for each in report["waived"]] == ["BP6101"]
    monkeypatch.setattr(waiving, "today", lambda: date(2027, 3, 2))
    code, report = blueprint("job.yaml")
    assert code == 1
    assert "BP6101" in [code for code, _, _ in places(report)]


def test_templates_and_other_yaml_are_named_and_skipped(blueprint: Linter) -> None:
    Path("chart/templates").mkdir(parents=True)
    Path("chart/values.yaml").write_text("image: a\n")
    Path("chart/templates/pod.yaml").write_text("{{- if .Values.on }}\nkind: Pod\n{{- end }}\n")
    Path("pod.yaml").write_text(GOOD)
    code, report = blueprint(".")
    assert code == 0
    assert [each[:2] for each in places(report)] == [
        ("BP0062", "chart/templates/pod.yaml"),
        ("BP0063", "chart/values.yaml"),
    ]
    assert {each["severity"] for each in report["diagnostics"]} == {"note"}


def test_braces_in_a_text_are_not_a_template() -> None:
    text = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: b}\ndata: {alert: '{{ $labels.x }}'}\n"
    assert linted(text).objects == 1


def test_lists_are_their_items_at_their_own_lines(blueprint: Linter) -> None:
    indented = POD.replace("\n", "\n    ").rstrip()
    code, report = blueprint(STDIN, stdin=f"apiVersion: v1\nkind: List\nitems:\n  - {indented}\n")
    assert (code, places(report)) == (1, [("BP6101", "<stdin>", 11)])
    items = indented.replace("apiVersion: v1\n    kind: Pod\n    ", "")
    code, report = blueprint(STDIN, stdin=f"apiVersion: v1\nkind: PodList\nitems:\n  - {items}\n")
    assert (code, places(report)) == (1, [("BP6101", "<stdin>", 9)])


def test_json_is_yaml() -> None:
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}, "spec": {"containers": 7}}
    found = linted(json.dumps(pod)).diagnostics
    assert "BP5005" in {each.code.id for each in found}


def test_scalars_mean_what_kubernetes_takes_them_for() -> None:
    """YAML 1.1: a boolean `yes` is a warning, not a field of the wrong type, and an octal mode has its documented
    value.
    """
    text = GOOD + "      tty: yes\n  volumes:\n    - {name: a, configMap: {name: b, defaultMode: 0644}}\n"
    assert [(each.code.id, each.severity, each.at and each.at.line) for each in linted(text).diagnostics] == [
        ("BP1007", Severity.WARNING, 9),
        ("BP5102", Severity.NOTE, 11),
    ]


def test_kinds_without_a_schema_are_counted(blueprint: Linter) -> None:
    text = "apiVersion: acme.example/v1\nkind: Widget\nmetadata: {name: a}\nspec: {}\n"
    code, report = blueprint(STDIN, stdin=text)
    assert code == 0
    assert {"scope": "objects", "examined": 1, "unknown": 1, "reason": "no schema for Widget acme.example/v1 (1)"} in (
        report["coverage"]
    )
    assert blueprint(STDIN, "--require-schemas", stdin=text)[0] == 3


def test_rules_judge_a_kind_without_a_schema(blueprint: Linter) -> None:
    """Its schema is unknown, but its requests can be read."""
    pod = "{containers: [{name: a, image: 'r.example/app:1', resources: {requests: {nvidia.com/gpu: 1}}}]}"
    spec = f"{{mpiReplicaSpecs: {{Worker: {{template: {{spec: {pod}}}}}}}}}"
    result = linted(f"apiVersion: kubeflow.org/v2beta1\nkind: MPIJob\nmetadata: {{name: a}}\nspec: {spec}\n")
    assert {each.code.id for each in result.diagnostics} == {"BP6101"}
    assert (result.malformed, result.unknown_kinds.total()) == (0, 1)


def test_a_kind_of_an_operator_under_a_version_of_kubernetes() -> None:
    """Node has a similar spelling, but is not what is intended."""
    [found] = linted("apiVersion: v1\nkind: NodePool\nmetadata: {name: a}\nspec: {}\n").diagnostics
    assert (found.code.id, found.help) == ("BP5001", "use apiVersion: karpenter.sh/v1")


def test_what_is_missing_is_a_note_unless_the_input_is_complete(blueprint: Linter) -> None:
    text = GOOD.replace("containers:", "serviceAccountName: trainer\n  containers:")
    code, report = blueprint(STDIN, stdin=text)
    assert (code, report["counts"]["note"]) == (0, 1)
    code, report = blueprint(STDIN, "--complete", stdin=text)
    assert report["counts"]["warning"] == 1


def test_the_kubernetes_minor_decides_what_is_served(blueprint: Linter) -> None:
    text = "apiVersion: resource.k8s.io/v1\nkind: DeviceClass\nmetadata: {name: a}\nspec: {}\n"
    assert blueprint(STDIN, "--kubernetes", "1.36", stdin=text)[0] == 0
    assert blueprint(STDIN, "--kubernetes", "1.33", stdin=text)[0] == 1
    assert blueprint(STDIN, "--kubernetes", "1.3", stdin=text)[0] == 2


def test_old_and_new_minors_say_who_serves_a_kind(blueprint: Linter) -> None:
    text = "apiVersion: resource.k8s.io/v1alpha2\nkind: ResourceClass\nmetadata: {name: a}\ndriverName: example.com\n"
    assert blueprint(STDIN, "--kubernetes", "1.30", stdin=text)[0] == 0
    code, report = blueprint(STDIN, "--kubernetes", "1.37", stdin=text)
    assert code == 1
    assert "Kubernetes 1.30 serves it" in report["diagnostics"][0]["message"]


def test_a_blueprint_says_what_nodes_offer(blueprint: Linter) -> None:
    """Without one the rule does not run, and the report states this."""
    examples = Path(__file__).resolve().parents[2] / "examples"
    text = GOOD.replace('"1"', '"64"')
    code, report = blueprint(STDIN, stdin=text)
    assert code == 0
    skipped = {code: each["reason"] for each in report["skippedRules"] for code in each["codes"]}
    assert "--blueprint" in skipped["BP6103"]
    code, report = blueprint(STDIN, "--blueprint", str(examples / "h100-training" / "blueprint.yaml"), stdin=text)
    assert code == 1
    assert "BP6103" in {each["code"] for each in report["diagnostics"]}


def test_one_mistake_is_one_finding(blueprint: Linter) -> None:
    """A validation rule of the CRD and a rule of this tool agree about the default driver: the latter explains it."""
    text = (
        "apiVersion: nvidia.com/v1alpha1\nkind: NVIDIADriver\nmetadata: {name: one}\n"
        "spec: {driverType: gpu, default: true, image: driver, nodeSelector: {pool: train}}\n"
    )
    _, report = blueprint(STDIN, stdin=text)
    assert [(each["code"], each["path"]) for each in report["diagnostics"]] == [("BP6044", "spec.nodeSelector")]


def test_only_what_changed_since_a_revision(blueprint: Linter) -> None:
    def git(*arguments: str) -> None:
        command = ["git", "-c", "user.name=a", "-c", "user.email=a@b.c", *arguments]
        subprocess.run(command, check=True, capture_output=True)

    Path("old.yaml").write_text(f"{POD}---\n{GOOD.replace('job', 'other')}")
    git("init", "-q", "-b", "main", ".")
    git("add", ".")
    git("commit", "-q", "-m", "first")
    assert blueprint(".", "--since", "HEAD")[0] == 0
    Path("old.yaml").write_text(f"{POD}---\n{POD.replace('job', 'other')}")
    Path("new.yaml").write_text(POD.replace("job", "third"))
    code, report = blueprint(".", "--since", "HEAD")
    assert code == 1
    assert sorted(places(report)) == [("BP6101", "new.yaml", 8), ("BP6101", "old.yaml", 17)]
    assert blueprint(STDIN, "--since", "HEAD", stdin=POD)[0] == 2
    assert blueprint(".", "--since", "nowhere")[0] == 2


def test_a_path_that_is_not_there_is_refused(blueprint: Linter) -> None:
    assert blueprint("nowhere.yaml")[0] == 2
    Path("empty").mkdir()
    code, report = blueprint("empty")
    assert (code, report["diagnostics"][0]["code"]) == (1, "BP0064")


@pytest.mark.skipif(not REFERENCE.is_dir(), reason="the renders of upstream charts are not here")
@pytest.mark.parametrize(
    "folder", sorted(REFERENCE.glob("*/*")) if REFERENCE.is_dir() else [], ids=lambda p: p.parent.name
)
def test_upstream_charts_have_no_error(folder: Path) -> None:
    for file in sorted(folder.rglob("*.yaml")):
        found = lint(read_inputs([str(file)]), kubernetes_minor="1.36").diagnostics
        assert not [each for each in found if each.severity is Severity.ERROR], file


PIECES = st.sampled_from(
    ["---\n", "{{ x }}", "- a\n", ": ", "kind: Pod\n", "apiVersion: v1\n", "metadata:\n", "  name: a\n", "spec: {",
     "}\n", "items:\n", "&a ", "*a\n", "<<: *a\n", "? x\n", "0644\n", "\t", "\x00", "kind: List\n", "!!set\n",
     POD, GOOD]
)  # fmt: skip


@given(st.lists(PIECES | st.text(max_size=8), max_size=12).map("".join))
def test_nothing_that_can_be_written_makes_it_fail(text: str) -> None:
    linted(text.encode("utf-8", "replace").decode())


@given(st.binary(max_size=60))
def test_bytes_that_are_not_text_are_a_finding(data: bytes) -> None:
    lint(read_inputs([STDIN], data), kubernetes_minor="1.36")


def test_an_object_with_a_generated_name_is_checked_like_others(blueprint: Linter) -> None:
    """`kubectl create` accepts it; two with the same prefix are two objects."""
    job = POD.replace("name: job", "generateName: job-")
    Path("jobs.yaml").write_text(f"{job}---\n{job}")
    code, report = blueprint("jobs.yaml")
    assert code == 1
    assert [each["code"] for each in report["diagnostics"]] == ["BP6101", "BP6101"]
    assert {each["subject"] for each in report["diagnostics"]} == {"Pod/default/job-*"}
    Path("jobs.yaml").write_text(POD.replace("{name: job, ", "{"))
    assert [each["code"] for each in blueprint("jobs.yaml")[1]["diagnostics"]] == ["BP5004"]


@pytest.mark.parametrize(("second", "severity"), [("a.yaml", "warning"), ("b.yaml", "note")])
def test_an_object_given_twice_names_both_places(blueprint: Linter, second: str, severity: str) -> None:
    """The files of a folder are often variants; within one file, the second replaces the first."""
    Path("a.yaml").write_text(GOOD if second != "a.yaml" else f"{GOOD}---\n{GOOD}")
    Path("b.yaml").write_text(GOOD if second == "b.yaml" else "")
    code, report = blueprint(".", "--ignore", "BP6")
    (found,) = [each for each in report["diagnostics"] if each["code"] == "BP5020"]
    assert code == 0
    assert (found["severity"], found["message"]) == (severity, "Pod/default/job: given twice")
    assert found["at"]["file"] == second
    assert [(each["message"], each["at"]["file"], each["at"]["line"]) for each in found["notes"]] == [
        ("first given here", "a.yaml", 3)
    ]


@pytest.mark.parametrize(
    "written",
    [
        "${GPUS}",
        "${GPUS:-1}",
        "$GPUS",
        "a ${GPUS} b",
        "$(GPUS)",
        "$(params.gpus)",
        "<gpus>",
        "__GPUS__",
        "FILLED BY THE OPERATOR",
        "PLACEHOLDER_GPUS",
        "PLACEHOLDER",
    ],
)
def test_placeholders_are_left_to_what_replaces_them(blueprint: Linter, written: str) -> None:
    text = POD.replace("500m", f'"{written}"').replace("name: job", 'name: "${NAME}"')
    Path("pod.yaml").write_text(text)
    code, report = blueprint("pod.yaml")
    assert code == 0
    (found,) = [each for each in report["diagnostics"] if each["code"] != "BP6115"]
    assert (found["code"], found["severity"]) == ("BP0065", "note")
    assert found["message"] == "pod.yaml: 2 values are placeholders, not checked"
    assert found["at"]["line"] == 3


@pytest.mark.parametrize("written", ["a $(GPUS) b", "{GPUS}", "$5", "$gpus", "_GPUS_", "PLACEHOLDERS"])
def test_what_nobody_replaces_is_an_error(blueprint: Linter, written: str) -> None:
    Path("pod.yaml").write_text(POD.replace("500m", f'"{written}"'))
    assert blueprint("pod.yaml")[0] == 1


@pytest.mark.parametrize(
    ("value", "is_told"),
    [
        ("0000:41:00.0", False),
        ("s3cr3t-value", True), ("<your-hf-token>", False), ("$(TOKEN)", False), ("CHANGEME", False), ("xxxxx", False),
        ("your_token_here", False), ("HF_TOKEN", False), ("pa$SWORD123", True), ("$SECRET-and-more", True),
        ("yes", False), ("{\\n  a: b\\n}", False), ("${HF_TOKEN}", False),
        ("hf_" + "abcdefghij" * 3, True),
    ],
)  # fmt: skip
def test_a_token_of_an_example_is_not_a_credential(blueprint: Linter, value: str, is_told: bool) -> None:
    text = GOOD.replace("resources:", f'env: [{{name: HF_TOKEN, value: "{value}"}}]\n      resources:')
    Path("pod.yaml").write_text(text)
    found = [each["code"] for each in blueprint("pod.yaml")[1]["diagnostics"]]
    assert ("BP6301" in found) is is_told


def test_the_configuration_of_a_program_is_not_an_object(blueprint: Linter) -> None:
    Path("manager.yaml").write_text(
        "apiVersion: config.trainer.kubeflow.org/v1alpha1\nkind: Configuration\nwebhook: {}\n"
    )
    code, report = blueprint("manager.yaml")
    assert (code, [each["code"] for each in report["diagnostics"]]) == (0, ["BP0063"])


def test_numbers_of_json_are_read_alike_by_all(blueprint: Linter) -> None:
    text = json.dumps({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "job", "namespace": "default"}})
    document = text[:-1] + ', "spec": {"containers": [], "priority": 1e3}}'
    for name, expected in (("pod.json", False), ("pod.yaml", True)):
        Path(name).write_text(document)
        assert ("BP1007" in {each["code"] for each in blueprint(name)[1]["diagnostics"]}) is expected


def test_volumes_of_a_training_runtime_come_from_its_claim_policies(blueprint: Linter) -> None:
    container = "{name: node, image: registry.example/t:1, volumeMounts: [{name: %s, mountPath: /workspace}]}"
    runtime = """\
apiVersion: trainer.kubeflow.org/v1alpha1
kind: ClusterTrainingRuntime
metadata: {name: tune}
spec:
  template:
    spec:
      volumeClaimPolicies: [{templates: [{metadata: {name: initializer}, spec: {}}]}]
      replicatedJobs:
        - name: node
          template: {spec: {template: {spec: {containers: [%s]}}}}
"""
    for volume, expected in (("initializer", []), ("other", ["BP5106"])):
        Path("runtime.yaml").write_text(runtime % (container % volume))
        found = [each["code"] for each in blueprint("runtime.yaml")[1]["diagnostics"]]
        assert [code for code in found if code == "BP5106"] == expected


KUSTOMIZATION = """\
apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
resources: [base.yaml, team-patch.yaml]
patches:
  - {path: patches/gpus.yaml, target: {kind: Pod}}
  - patch: "[]"
    target: {kind: Pod}
patchesStrategicMerge: [old.yaml]
"""
PATCH = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: serve}
spec: {template: {spec: {containers: [{name: main}]}}}
"""


def test_patches_of_a_kustomization_are_not_objects(blueprint: Linter) -> None:
    Path("app/patches").mkdir(parents=True)
    Path("app/kustomization.yaml").write_text(KUSTOMIZATION)
    for name in ("patches/gpus.yaml", "old.yaml", "unnamed.yaml", "webhook_patch.yaml"):
        Path("app", name).write_text(PATCH)
    Path("app/removed.yaml").write_text("apiVersion: v1\nkind: Namespace\nmetadata: {name: a}\n$patch: delete\n")
    Path("app/base.yaml").write_text(GOOD)
    Path("app/team-patch.yaml").write_text(POD.replace("name: job", "name: other"))
    _, report = blueprint("app")
    found = {(each["code"], each["at"]["file"]) for each in report["diagnostics"] if each["code"] != "BP6115"}
    assert found == {
        ("BP0063", "app/kustomization.yaml"),
        ("BP0066", "app/old.yaml"),
        ("BP0066", "app/patches/gpus.yaml"),
        ("BP0066", "app/removed.yaml"),
        ("BP0066", "app/webhook_patch.yaml"),
        ("BP6101", "app/team-patch.yaml"),
        ("BP5004", "app/unnamed.yaml"),
    }


def test_a_template_that_happens_to_be_yaml_is_not_judged_by_its_holes(blueprint: Linter) -> None:
    text = POD.replace("500m", '"{{ .Values.gpus }}"').replace("name: job", 'name: "{{ .Release.Name }}"')
    Path("pod.yaml").write_text(text)
    code, report = blueprint("pod.yaml")
    assert code == 0
    assert [each["code"] for each in report["diagnostics"] if each["code"] != "BP6115"] == ["BP0065"]


@pytest.mark.parametrize(
    "text", ["replicas: yes\n", "apiVersion: skaffold/v4beta11\nkind: Config\nbuild: {push: yes}\n"]
)
def test_how_values_are_written_does_not_matter_where_nothing_is_an_object(blueprint: Linter, text: str) -> None:
    Path("values.yaml").write_text(text)
    assert [each["code"] for each in blueprint("values.yaml")[1]["diagnostics"]] == ["BP0063"]


@pytest.mark.parametrize(("address", "is_told"), [("0000:41:00.0", False), ("41:00.0", False), ("12:30", True)])
def test_pci_addresses_are_text_to_kubernetes(blueprint: Linter, address: str, is_told: bool) -> None:
    Path("pod.yaml").write_text(
        GOOD.replace("resources:", f"env: [{{name: DEVICE, value: {address}}}]\n      resources:")
    )
    found = {each["code"]: each["severity"] for each in blueprint("pod.yaml")[1]["diagnostics"]}
    assert found.get("BP1007") == ("warning" if is_told else None)


SCC = """\
apiVersion: security.openshift.io/v1
kind: SecurityContextConstraints
metadata: {name: driver}
allowPrivilegedContainer: true
fsGroup: {type: RunAsAny}
runAsUser: {type: RunAsAny}
users: ["system:serviceaccount:gpu-operator:nvidia-driver"]
"""


def test_fields_that_an_admission_plugin_fills_in_are_not_required(blueprint: Linter) -> None:
    Path("scc.yaml").write_text(SCC)
    assert blueprint("scc.yaml")[1]["diagnostics"] == []
    Path("scc.yaml").write_text(SCC + "allowHostIPc: true\n")
    assert [each["code"] for each in blueprint("scc.yaml")[1]["diagnostics"]] == ["BP5003"]


MONITOR = """\
apiVersion: monitoring.coreos.com/v1
kind: ServiceMonitor
metadata: {name: a, namespace: default}
spec: {selector: {matchLabels: {app: x}}, endpoints: [{port: metrics}]}
"""
SERVICE = """\
apiVersion: v1
kind: Service
metadata: {name: a, namespace: default, labels: {app: x}}
spec: {selector: {app: x}, ports: [{name: http, port: 80}]}
"""


@pytest.mark.parametrize(
    ("one", "two", "arguments", "severity"),
    [
        (MONITOR, SERVICE, [], "note"),
        (f"{MONITOR}---\n{SERVICE}", "", [], "warning"),
        (MONITOR, SERVICE, ["--complete"], "warning"),
    ],
    ids=["samples", "one file", "complete"],
)
def test_objects_of_different_files_may_be_samples(
    blueprint: Linter, one: str, two: str, arguments: list[str], severity: str
) -> None:
    """Only objects that are certainly applied together are checked against each other."""
    Path("a.yaml").write_text(one)
    Path("b.yaml").write_text(two)
    (found,) = [each for each in blueprint(".", *arguments)[1]["diagnostics"] if each["code"] == "BP6535"]
    assert found["severity"] == severity


def test_metadata_of_a_custom_resource_with_pods_is_judged_without_its_schema() -> None:
    """All custom resources have the same metadata. Other programs have files with a kind and a name of another form."""
    text = "apiVersion: %s\nkind: InferenceService\nmetadata: {name: Qwen3-8B, annotations: {a: 1}}\n"
    text += "spec: {predictor: {}}\n"
    result = linted(text % "serving.kserve.io/v1beta1")
    assert sorted(each.code.id for each in result.diagnostics) == ["BP5005", "BP5014"]
    assert (result.malformed, result.unknown_kinds.total()) == (1, 1)
    assert not linted(text % "serving.example/v1beta1").diagnostics
