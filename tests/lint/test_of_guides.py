"""Typical manifests of public guides, and constructs in them that are not mistakes; in our own words."""

from __future__ import annotations

from pathlib import Path

import pytest

from blueprint.lint.inputs import read_inputs
from blueprint.lint.run import lint

POD = """\
apiVersion: v1
kind: Pod
metadata: {name: serve, namespace: default}
spec:
  containers:
    - name: main
      image: registry.example/serve:1.4
"""
REQUIRED = ("daemonsets", "dcgm", "dcgmExporter", "devicePlugin", "driver", "gfd", "nodeStatusExporter", "toolkit")
"""Fields of a ClusterPolicy."""
DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: manager, namespace: default}
spec: {template: {spec: {containers: [{name: main, args: [--metrics]}]}}}
"""


@pytest.fixture(autouse=True)
def _in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def found(text: str, file: str = "guide.yaml") -> dict[str, str]:
    """The codes and severities for one file that is linted alone."""
    Path(file).parent.mkdir(parents=True, exist_ok=True)
    Path(file).write_text(text)
    result = lint(read_inputs([file]), kubernetes_minor="1.36")
    return {each.code.id: each.severity.name.lower() for each in result.diagnostics}


@pytest.mark.parametrize(
    "image", ["registry.example/<PROJECT>/serve:1", "registry.example/YOUR_PROJECT/serve:1", "<your-image>"]
)
def test_a_placeholder_needs_no_dollar(image: str) -> None:
    assert found(POD.replace("registry.example/serve:1.4", image)) == {"BP0065": "note"}


@pytest.mark.parametrize("name", ["<namespace>", "FILLED BY THE OPERATOR"])
def test_a_namespace_may_be_a_placeholder(name: str) -> None:
    assert found(POD.replace("namespace: default", f'namespace: "{name}"')) == {"BP0065": "note"}


def test_another_kind_of_the_same_name_is_not_ours() -> None:
    """Kyverno has a ClusterPolicy, like the GPU Operator."""
    other = "apiVersion: kyverno.io/v1\nkind: ClusterPolicy\nmetadata: {name: a}\nspec: {operator: {}}\n"
    assert found(other) == {}
    needed = "".join(f", {name}: {{}}" for name in REQUIRED)
    ours = other.replace("kyverno.io", "nvidia.com").replace("operator: {}", f"operator: {{}}{needed}")
    assert "BP6022" in found(ours)


@pytest.mark.parametrize("mode", ["0400", "0755"])
def test_modes_of_files_are_octal_as_documented(mode: str) -> None:
    volume = f"  volumes:\n    - name: a\n      configMap:\n        name: b\n        defaultMode: {mode}\n"
    assert found(POD + volume) == {"BP5102": "note"}
    assert found(POD + f"  priority: {mode}\n")["BP1007"] == "warning"


def test_booleans_on_which_all_of_yaml_agrees() -> None:
    assert found(POD + "      tty: True\n") == {}
    assert found(POD + "      tty: yes\n") == {"BP1007": "warning"}


def test_documents_without_metadata_of_unknown_kinds_are_of_programs() -> None:
    """A report, or several responses of an API. For a known kind, or with metadata, the name is missing."""
    report = "apiVersion: reports.example/v1\nkind: ConformanceReport\nresult: passed\n"
    assert found(report) == {}
    assert found(report + "metadata: {}\n") == {"BP5004": "error"}
    assert found("apiVersion: v1\nkind: ConfigMap\ndata: {}\n") == {"BP5004": "error"}
    assert found("apiVersion: builtin\nkind: PatchTransformer\nmetadata: {name: a}\n") == {"BP0063": "note"}


def test_a_patch_is_known_by_the_kustomization_beside_it() -> None:
    """A hook lints only the changed files."""
    assert found(DEPLOYMENT, "config/manager_settings.yaml")["BP5004"] == "error"
    Path("config/kustomization.yaml").write_text("resources: [base.yaml]\npatches: [{path: manager_settings.yaml}]\n")
    assert found(DEPLOYMENT, "config/manager_settings.yaml") == {"BP0066": "note"}
    Path("config/kustomization.yaml").write_text("patches: [{path: parts/manager_settings.yaml}]\n")
    assert found(DEPLOYMENT, "config/parts/manager_settings.yaml") == {"BP0066": "note"}
    Path("config/kustomization.yaml").write_text("patches: [\n")
    assert found(DEPLOYMENT, "config/manager_settings.yaml")["BP5004"] == "error"


def test_what_has_no_name_in_a_file_that_is_called_a_patch() -> None:
    account = "apiVersion: v1\nkind: ServiceAccount\nimagePullSecrets: [{name: a}]\n"
    assert found(account, "account.patch.yaml") == {"BP0066": "note"}
    assert found(account, "account.yaml") == {"BP5004": "error"}
    assert found(DEPLOYMENT, "manager.patch.yaml")["BP5004"] == "error"


@pytest.mark.parametrize(
    ("version", "kind", "where", "volumes", "others"),
    [
        ("kubeflow.org/v2beta1", "MPIJob", "mpiReplicaSpecs: {Launcher: {template: {spec: %s}}}",
         ("mpi-job-config", "ssh-auth"), ("ssh",)),
        ("ray.io/v1", "RayCluster",
         "headGroupSpec: {rayStartParams: {}, template: {spec: %s}}", ("ray-token", "shared-mem"), ("token",)),
    ],
)  # fmt: skip
def test_volumes_that_an_operator_adds(
    version: str, kind: str, where: str, volumes: tuple[str, ...], others: tuple[str, ...]
) -> None:
    for volume in (*volumes, *others):
        pod = f"{{containers: [{{name: a, image: b.example/c:1, volumeMounts: [{{name: {volume}, mountPath: /a}}]}}]}}"
        text = (
            f"apiVersion: {version}\nkind: {kind}\nmetadata: {{name: a, namespace: default}}\nspec:\n  {where % pod}\n"
        )
        assert ("BP5106" in found(text)) is (volume in others)


def test_the_name_of_a_rule_is_filled_in_by_jobset() -> None:
    text = """\
apiVersion: jobset.x-k8s.io/v1alpha2
kind: JobSet
metadata: {name: train, namespace: default}
spec:
  failurePolicy: {rules: [{action: FailJobSet}]}
  replicatedJobs:
    - name: workers
      template: {spec: {template: {spec: {restartPolicy: Never, containers: [{name: a, image: b.example/c:1}]}}}}
"""
    assert found(text) == {}
    assert found(text.replace("action: FailJobSet", "name: a")) == {"BP5004": "error"}


@pytest.mark.parametrize(
    ("name", "value", "is_credential"),
    [
        ("OPENAI_API_KEY", "EMPTY", False), ("OPENAI_API_KEY", "dummy-key", False),
        ("OPENAI_API_KEY", "sk-no-key-required", False), ("OPENAI_API_KEY", "dummy-and-more-a1b2c3", True),
        ("ETCD_INITIAL_CLUSTER_TOKEN", "etcd-cluster", False), ("CLUSTER_TOKEN", "etcd-cluster", True),
        ("CACHE", "redis://default:*****@cache.example:6379", False),
        ("CACHE", "redis://default:sesame@cache.example:6379", True), ("API_KEY", "INSERT_API_KEY", False),
        ("STORE", "postgres://$(STORE_USER):$(STORE_PASS)@store.example/a", False),
        ("SCRIPT", "echo -----BEGIN PRIVATE KEY-----; cat key", False),
        ("SCRIPT", "-----BEGIN PRIVATE KEY-----\\nMIIEvQ", True),
        ("STORE", "postgres://user:${STORE_PASS}@store.example/a", False), ("API_KEY", "placeholder", False),
    ],
)  # fmt: skip
def test_what_stands_in_the_place_of_a_credential(name: str, value: str, is_credential: bool) -> None:
    assert ("BP6301" in found(POD + f"      env: [{{name: {name}, value: '{value}'}}]\n")) is is_credential


def test_quantities_are_compared_with_nothing() -> None:
    text = """\
apiVersion: kueue.x-k8s.io/v1beta2
kind: ClusterQueue
metadata: {name: team}
spec:
  namespaceSelector: {}
  resourceGroups:
    - coveredResources: [cpu]
      flavors: [{name: a, resources: [{name: cpu, nominalQuota: "2000"}]}]
"""
    assert found(text).get("BP5011") == "note"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("apiVersion: v1alpha1\nkind: KmsgLogConfig\nname: sink\nurl: https://logs.example\n", "BP0063"),
        ("apiVersion: 0.3.0\nkind: ksonnet.io/app\nname: app\n", "BP0063"),
        ("apiVersion: v1\nkind: EncryptionConfig\nresources: []\n", "BP0063"),
        ('{"kind": 7, "metadata": 8, "name": 9}\n', "BP0063"),
        ("apiversion: checks.example/v1\nkind: Configuration\nmetadata: {name: a}\n", "BP0063"),
        ("apiversion: v1\nkind: Pod\nmetadata: {name: a}\n", "BP5003"),
        ("apiVersion: v1beta1\nkind: Ingress\nspec: {}\n", "BP5004"),
        ("apiVersion: v1\nkind: Pod\nspec: {}\n", "BP5004"),
        ("apiVersion: recipes.example/v1\nkind: Recipe\nmetadata: {version: v2}\n", None),
        ("apiVersion: recipes.example/v1\nkind: Recipe\nmetadata: {version: v2, labels: {a: b}}\n", "BP5004"),
        ("apiVersion: recipes.example/v1\nkind: Recipe\nmetadata: {nmae: v2}\n", "BP5003"),
    ],
)
def test_documents_of_programs(text: str, code: str | None) -> None:
    """Configuration of Talos and others has a kind. It is distinguished from misspelt objects."""
    assert list(found(text)) == ([code] if code else [])


def test_what_tests_of_operators_compare_with_is_not_a_whole_object() -> None:
    ready = DEPLOYMENT.partition("spec")[0] + "status: {readyReplicas: 1}\n"
    assert found(ready) == {"BP0066": "note"}
    part = DEPLOYMENT.partition("spec")[0] + "spec: {replicas: 2}\n"
    assert found(part, "tests/00-assert.yaml") == found(part, "tests/assert-manager.yaml") == {"BP0066": "note"}
    assert "BP5004" in found(part, "tests/assertive.yaml")


CONFIDENTIAL = "apiVersion: v1\nkind: Secret\nmetadata: {name: a, namespace: default}\n"


@pytest.mark.parametrize(
    ("values", "is_one"),
    [
        ("stringData: {token: op://vault/item/field}", False),
        ("stringData:\n  token: |-\n    op://vault/item/field", False),
        ("stringData: {token: ref+vault://team/item#/token}", False),
        ("stringData: {token: YOUR_TOKEN}", False),
        ("stringData: {token: hf_...}", False),
        ("data: {token: Replace_this_with_your_token}", False),
        ("data: {token: enterYourSecret==}", False),
        ("stringData: {token: hunter2}", True),
        ("stringData: {token: hunter2, other: YOUR_TOKEN}", True),
        ("data: {token: aHVudGVyMg==}", True),
        ("data: {token: ''}", False),
    ],
)
def test_a_secret_that_refers_to_one_holds_none(values: str, is_one: bool) -> None:
    assert ("BP6301" in found(f"{CONFIDENTIAL}{values}\n")) is is_one


def test_a_secret_that_sops_has_encrypted() -> None:
    value = "ENC[AES256_GCM,data:6CDw9A==,iv:1uvXd2==,tag:xcw6nA==,type:str]"
    assert found(f"{CONFIDENTIAL}data: {{token: '{value}'}}\nsops: {{mac: '{value}', version: 3.8.1}}\n") == {
        "BP0065": "note"
    }
    assert found(f"{CONFIDENTIAL}data: {{token: '{value}'}}\nsops: [a]\n")["BP5003"] == "error"


@pytest.mark.parametrize("values", ["data: {a: , b: 7}", "stringData: {a: , b: [1]}"])
def test_a_secret_with_an_empty_value_and_another_mistake(values: str) -> None:
    """A null value has no position."""
    assert "BP5005" in found(f"{CONFIDENTIAL}{values}\n")


@pytest.mark.parametrize(
    ("field", "value", "is_left"),
    [
        ("name: serve", "name: MODEL_NAME", True),
        ("name: serve", "name: serve-MODEL_NAME", True),
        ("name: serve", "name: topology-leaf-12-...", True),
        ("name: serve", "name: Serve_It", False),
        ("name: serve", "name: SERVE", False),
        ("name: serve", "name: NAME", True),
        ("name: serve", "name: team-NAMESPACE", True),
        ("name: serve", "name: RENAMED", False),
        ("name: serve", "name: serve-$i", True),
        ("name: serve", "name: serve-$(date +%s)", True),
        ("name: serve", 'name: "serve-{run-id}"', True),
        ("name: serve", "name: cost-$5", False),
        ("image: registry.example/serve:1.4", "image: {SERVE_IMAGE}", True),
        ("image: registry.example/serve:1.4", "image: {serve-image}", True),
        ("image: registry.example/serve:1.4", "image: V_IMAGE_URL", True),
    ],
)
def test_capitals_where_none_can_be_meant_are_replaced(field: str, value: str, is_left: bool) -> None:
    codes = found(POD.replace(field, value, 1))
    assert codes == {"BP0065": "note"} if is_left else "BP5014" in codes


def test_what_a_shell_brings_into_a_label() -> None:
    labelled = POD.replace("name: serve,", 'name: serve, labels: {run: "$(date +%s)"},')
    assert found(labelled) == {"BP0065": "note"}
    assert found(labelled.replace("$(date +%s)", "a+b")) == {"BP5015": "error"}


@pytest.mark.parametrize("comment", ["# ...", "# ... the rest", "# …"])
def test_what_a_guide_leaves_out_is_not_missing(comment: str) -> None:
    part = DEPLOYMENT.partition("spec")[0] + f"spec:\n  replicas: 2\n  {comment}\n"
    assert found(part) == {"BP0065": "note"}
    assert found(f"{part}---\n{DEPLOYMENT}")["BP5004"] == "error"
    assert found(part.partition("  #")[0])["BP5004"] == "error"


def test_capitals_are_meant_elsewhere() -> None:
    capability = "      securityContext: {capabilities: {add: [CAP_SYS_ADMIN]}}\n"
    assert "BP6160" in found(POD + capability)


def test_a_placeholder_in_the_key_of_a_label() -> None:
    """The position is that of the value."""
    labelled = POD.replace("name: serve,", 'name: serve, annotations: {"hami.io/use-<card>-uuid": "a"},')
    assert found(labelled) == {"BP0065": "note"}


def test_lines_that_envsubst_brings() -> None:
    limits = "      resources:\n        limits:\n          nvidia.com/gpu: 8\n${MORE_LIMITS}\n"
    assert found(POD + limits) == {"BP0062": "note"}
    assert found(POD + limits.replace("${MORE_LIMITS}", "more limits")) == {"BP1002": "error"}


@pytest.mark.parametrize(
    "labels",
    [
        "{team: ${TEAM}, tier: a}",
        "{a: b}\n  image: {user}/serve",
        "{a: b}\n%{ if quiet }quiet: true%{ endif }",
        "{a: b}\n{% if quiet %}quiet: true{% endif %}",
    ],
)
def test_templates_of_other_programs(labels: str) -> None:
    """Terraform and Jinja have blocks, and envsubst has braces where YAML has maps."""
    text = f"apiVersion: v1\nkind: Namespace\nmetadata:\n  name: team\n  labels: {labels}\n"
    assert found(text) == {"BP0062": "note"}
    assert "BP1002" in found(text.replace("${TEAM}", "{TEAM").replace("{user}/", "{user, ").replace("%", ""))


def test_keys_that_are_aliases_and_merge_keys() -> None:
    text = (
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: &app serve, namespace: default}\ndata: {*app : yes please}\n"
    )
    assert found(text) == {}
    assert "error" in found(text.replace("*app :", "*other :")).values()
    assert found(text.replace("&app serve", "serve, labels: &app {a: b}"))["BP1010"] == "error"
    pod = POD + "      env:\n        - &one {name: A, value: b}\n        - {<<: *one, name: B}\n"
    assert found(pod) == found(pod.replace("{<<: *one", "{!!merge <<: *one")) == {"BP1012": "note"}
    assert found(pod.replace("name: B", "nmae: B"))["BP5003"] == "error"


def test_an_equals_sign_is_text_to_all_readers() -> None:
    """Definitions of the Prometheus Operator list it as a value."""
    assert found(POD + "      args: [=]\n") == {}


def test_a_file_that_holds_no_object_need_not_be_yaml() -> None:
    """Configuration of compilers is JSON with comments."""
    settings = '{\n  // how strict\n  "options": {"strict": true}, /* of all */\n}\n'
    assert found(settings, "settings.json") == {"BP0063": "note"}
    assert found(settings.replace("options", "kind"), "settings.json") == {"BP1002": "error"}


def test_a_key_that_stands_twice_in_what_is_not_an_object() -> None:
    assert found("rules: {}\nlog: 1\nrules: {}\n") == {"BP1003": "warning", "BP0063": "note"}
    assert found("kind: Pod\napiVersion: v1\nmetadata: {name: a, name: b}\n")["BP1003"] == "error"


def test_what_kustomize_puts_into_a_name() -> None:
    hook = (
        "apiVersion: admissionregistration.k8s.io/v1\nkind: MutatingWebhookConfiguration\nmetadata: {name: a}\n"
        "webhooks: [{name: '%s.house.example', admissionReviewVersions: [v1], sideEffects: None,"
        " clientConfig: {url: 'https://house.example'}}]\n"
    )
    assert found(hook % "$(deploymentName)") == {"BP0065": "note"}
    assert found(hook % "deployment_name") == {"BP5008": "error"}


def test_a_separator_that_is_missing_is_one_mistake() -> None:
    space = "apiVersion: v1\nkind: Namespace\nmetadata: {name: %s}\n"
    Path("guide.yaml").write_text(space % "a" + space % "b" + "---\n" + space % "c" + "metadata: {name: d}\n")
    first, second = lint(read_inputs(["guide.yaml"]), kubernetes_minor="1.36").diagnostics
    assert (first.at and first.at.line, first.help) == (4, "separate the two objects by a line with ---")
    assert (second.at and second.at.line, second.help) == (11, "remove one of them")


def test_a_namespace_that_a_kustomization_names() -> None:
    """It also names the Namespace itself; a name with a placeholder is unknown."""
    Path("kustomization.yaml").write_text("namespace: team\nresources: [guide.yaml, other.yaml]\n")
    Path("other.yaml").write_text("apiVersion: v1\nkind: Namespace\nmetadata: {name: _}\n")
    Path("guide.yaml").write_text(POD)
    result = lint(read_inputs(["."]), kubernetes_minor="1.36")
    assert [each.code.id for each in result.diagnostics] == ["BP0063"]
    for name in ("${TEAM}", "TEAM", "{team}"):
        Path("kustomization.yaml").write_text(f"namespace: '{name}'\nresources: [guide.yaml]\n")
        assert found(POD) == {}


def test_rules_of_a_definition_about_a_generated_name() -> None:
    """The API server generates the name before it validates."""
    pytest.importorskip("cel_expr_python")
    named = 'x-kubernetes-validations: [{rule: "size(self.metadata.name) <= 20", message: too long}]'
    schema = f"{{openAPIV3Schema: {{type: object, {named}}}}}"
    definition = (
        "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: tries.example.com}\n"
        "spec: {group: example.com, scope: Namespaced, names: {plural: tries, kind: Try, listKind: TryList},"
        f" versions: [{{name: v1, served: true, storage: true, schema: {schema}}}]}}\n---\n"
    )
    tried = "apiVersion: example.com/v1\nkind: Try\nmetadata: {generateName: %s, namespace: default}\n"
    assert found(definition + tried % "short-") == {}
    assert found(definition + tried % "longer-than-that-") == {"BP5024": "error"}


def test_a_definition_of_one_kind_leaves_the_others_of_its_group_known() -> None:
    """Dynamo's kinds are in the group of the GPU Operator."""
    definition = (
        "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\n"
        "metadata: {name: dynamographdeployments.nvidia.com}\nspec:\n  group: nvidia.com\n  scope: Namespaced\n"
        "  names: {plural: dynamographdeployments, kind: DynamoGraphDeployment, listKind: DynamoGraphDeploymentList}\n"
        "  versions: [{name: v1alpha1, served: true, storage: true, schema: {openAPIV3Schema: {type: object}}}]\n---\n"
    )
    driver = "apiVersion: nvidia.com/v1alpha1\nkind: NVIDIADriver\nmetadata: {name: mine}\n"
    driver += "spec: {driverType: gpu, image: driver, repository: nvcr.io/nvidia, usePrecompilde: true}\n"
    assert found(definition + driver) == found(driver) == {"BP5003": "error"}


@pytest.mark.parametrize("folder", ["", "other/"])
def test_a_claim_that_another_sample_makes(folder: str) -> None:
    """Folders of guides are applied one by one."""
    volume = "  volumes:\n    - name: a\n      persistentVolumeClaim: {claimName: model}\n"
    claim = (
        "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: data, namespace: default}\n"
        "spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}\n"
    )
    found(claim, f"{folder}claim.yaml")
    found(POD + volume)
    result = lint(read_inputs(["."]), kubernetes_minor="1.36")
    assert [(each.code.id, each.severity.name) for each in result.diagnostics] == [
        ("BP6167", "NOTE" if folder else "WARNING")
    ]


def test_drivers_of_the_same_nodes_in_different_files_are_variants() -> None:
    text = (
        "apiVersion: nvidia.com/v1alpha1\nkind: NVIDIADriver\nmetadata: {name: %s}\n"
        "spec: {driverType: gpu, image: driver, nodeSelector: {pool: a}}\n"
    )
    found(text % "one", "one.yaml")
    found(text % "two", "two.yaml")
    result = lint(read_inputs(["."]), kubernetes_minor="1.36")
    assert [(each.code.id, each.severity.name) for each in result.diagnostics] == [("BP6044", "NOTE")]
    assert found(f"{text % 'one'}---\n{text % 'two'}")["BP6044"] == "error"


@pytest.mark.parametrize(
    "text", ["metadata:\n  ...\nspec:\n  ...\n  template: {}\n", "...\nspec: {}\n", "spec:\n  a: 1\n  …\n"]
)
def test_a_line_of_dots_stands_for_what_a_guide_leaves_out(text: str) -> None:
    begin = "apiVersion: apps/v1\nkind: Deployment\n"
    assert found(f"{begin}{text}---\n{POD}") == {"BP0066": "note"}
    assert found(begin + text.replace("...", "x").replace("…", "x")) == {"BP1002": "error"}


def test_a_pod_that_spark_or_jenkins_completes() -> None:
    """Rules see it all the same, and a container that no program knows needs an image."""
    agent = "apiVersion: v1\nkind: Pod\nspec: {containers: [{name: %s, resources: {limits: {nvidia.com/gpu: %s}}}]}\n"
    for name in ("spark-kubernetes-driver", "spark-kubernetes-executor", "jnlp"):
        assert found(agent % (name, 1)) == {}
        assert found(agent % (name, "500m")) == {"BP6101": "error"}
    assert found(agent % ("main", 1)) == {"BP5004": "error"}
    assert found(agent % ("[jnlp]", 1)) == {"BP5004": "error"}  # it has no name, and nothing else is checked
    both = POD + "    - {name: jnlp}\n"
    assert found(both) == {}
    assert found(both.replace("      image: registry.example/serve:1.4\n", "")) == {"BP5004": "error"}


def test_a_value_to_encode_is_no_value_yet() -> None:
    assert found(CONFIDENTIAL + "data: {password: base64-encoded-password}\n") == {"BP0065": "note"}
