"""The runner: which rules run, the effect of a policy, and the result of a rule that fails."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from blueprint.bundle.model import USERS, FieldOrigin, Object
from blueprint.check import runner
from blueprint.check.finding import ObjectFinding
from blueprint.check.policy import RulePolicy
from blueprint.check.policy_file import parse_policy
from blueprint.check.rule import Profile, rule
from blueprint.check.rule_context import NoPlatform, RuleContext
from blueprint.check.rules import all_rules
from blueprint.check.runner import RuleResults, run_rules
from blueprint.cli.main import main
from blueprint.diagnostics import Refused, Severity, Span
from blueprint.records import replace
from blueprint.render.canonical import canonical
from tests.support.rule_facts import context

POD = """\
apiVersion: v1
kind: Pod
metadata: {name: job, namespace: team}
spec:
  containers:
    - {name: main, image: registry.example/app, env: [{name: API_TOKEN, value: abc}],
       resources: {limits: {nvidia.com/gpu: 500m}}}
"""


def objects() -> list[Object]:
    return [Object(canonical(yaml.safe_load(POD)), USERS)]


def ids(results: RuleResults) -> set[str]:
    return {each.code.id for each in results.diagnostics}


def run(policy: RulePolicy = RulePolicy()) -> RuleResults:  # noqa: B008 - frozen
    return run_rules(context(objects()), policy)


def test_the_recommended_rules_run() -> None:
    assert ids(run()) == {"BP6101", "BP6115", "BP6301"}


@pytest.mark.parametrize(
    ("policy", "left"),
    [
        (RulePolicy(select=("BP6101",)), {"BP6101"}),
        (RulePolicy(select=("BP61",)), {"BP6101", "BP6115"}),
        (RulePolicy(select=("image-not-pinned",)), {"BP6115"}),
        (RulePolicy(ignore=("scheduling",)), {"BP6115"}),
        (RulePolicy(select=("BP61",), ignore=("BP6115",)), {"BP6101"}),
        (RulePolicy(profile=Profile.MINIMAL), {"BP6101"}),
    ],
)
def test_rules_are_chosen_by_code_slug_tag_and_profile(policy: RulePolicy, left: set[str]) -> None:
    """The rules that keep credentials out of bundles run whatever is selected."""
    assert ids(run(policy)) == left | {"BP6301"}


def test_credentials_cannot_be_ignored_but_a_name_can_be_allowed() -> None:
    assert "BP6301" in ids(run(RulePolicy(ignore=("BP6301", "security"))))
    assert "BP6301" not in ids(run(RulePolicy(options={"BP6301": {"allowed": ("API_TOKEN",)}})))


def test_a_severity_is_configuration() -> None:
    found = run(RulePolicy(severity={"BP6101": Severity.NOTE, "BP6301": Severity.NOTE})).diagnostics
    assert {each.code.id: each.severity for each in found} == {
        "BP6101": Severity.NOTE,
        "BP6115": Severity.WARNING,
        "BP6301": Severity.ERROR,
    }


def test_what_is_not_known_keeps_a_rule_from_running() -> None:
    skipped = run_rules(RuleContext(objects(), NoPlatform())).skipped
    reasons = {code.id: each.reason for each in skipped for code in each.rule.codes}
    assert "--blueprint" in reasons["BP6102"]
    assert "BP6101" not in reasons


def test_a_rule_that_fails_is_a_finding_and_nothing_else_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    _break_a_rule(monkeypatch)
    results = run()
    assert results.failed
    assert ids(results) == {"BP0060", "BP6101", "BP6115", "BP6301"}
    [crash] = [each for each in results.diagnostics if each.code.id == "BP0060"]
    assert "the rule for BP6101 failed: KeyError" in crash.message
    assert "traceback" not in dict(crash.evidence)
    [crash] = [each for each in run(RulePolicy(debug=True)).diagnostics if each.code.id == "BP0060"]
    assert "Traceback" in dict(crash.evidence)["traceback"]


def test_a_rule_that_fails_makes_the_result_incomplete(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _break_a_rule(monkeypatch)
    example = Path(__file__).resolve().parents[2] / "examples" / "h100-training" / "blueprint.yaml"
    assert main(["validate", str(example)]) == 3
    assert "BP0060" in capsys.readouterr().out
    file = tmp_path / "pod.yaml"
    file.write_text(
        POD.replace("registry.example/app", '"registry.example/app:1"')
        .replace("500m", '"1"')
        .replace("value: abc", 'value: "1"')
    )
    assert main(["lint", str(file)]) == 3
    file.write_text(POD)
    assert main(["lint", str(file)]) == 1


def _break_a_rule(monkeypatch: pytest.MonkeyPatch) -> None:
    from blueprint.check.rules.pods.requests import REQUEST_FORM

    @rule(REQUEST_FORM)
    def failing(pod: Any, context: RuleContext) -> Iterator[ObjectFinding]:
        """Fails."""
        yield from {}["nothing"]

    rules_of = runner.rules_of
    monkeypatch.setattr(runner, "rules_of", lambda name: (*([failing] if name == "pods" else []), *rules_of(name)))


def test_a_failure_names_the_rule_the_first_object_and_the_fix(monkeypatch: pytest.MonkeyPatch) -> None:
    _break_a_rule(monkeypatch)
    [first] = objects()
    second = Object(canonical(yaml.safe_load(POD.replace("name: job", "name: other"))), USERS)
    [crash] = [each for each in run_rules(context([first, second])).diagnostics if each.code.id == "BP0060"]
    assert crash.message == "Pod/team/job: the rule for BP6101 failed: KeyError: 'nothing'"
    assert crash.subject == "Pod/team/job"
    assert crash.help == "this is a bug in the rule: please report it. `--ignore BP6101` runs the others without it"
    evidence = dict(crash.evidence)
    assert evidence["rule"].endswith(".failing")
    assert evidence["raised in"].startswith("failing, line ")


def test_rules_look_at_the_objects_that_are_chosen() -> None:
    """As for unchanged objects: the others are in the context, but not reported."""
    chosen, other = (
        Object(canonical(yaml.safe_load(POD.replace("name: job", f"name: {name}"))), USERS) for name in ("one", "two")
    )
    results = run_rules(context([chosen, other]), only=frozenset({id(chosen)}))
    assert {each.subject for each in results.diagnostics} == {"Pod/team/one"}
    assert ids(results) == {"BP6101", "BP6115", "BP6301"}


def test_rules_of_form_look_at_malformed_objects_too() -> None:
    data = {"apiVersion": "karpenter.sh/v1", "kind": "NodePool", "metadata": {"name": "gpus"},
            "spec": {"template": {"spec": {"kubelet": {"maxPods": 110}}}}}  # fmt: skip
    malformed = Object(canonical(data), USERS)
    of_form = {code.id for each in all_rules() if each.of_form for code in each.codes}
    found = ids(run_rules(context([]), malformed=(malformed,)))
    assert found
    assert found <= of_form
    assert ids(run_rules(context([]))) == set()


def test_a_kind_of_another_group_named_like_a_folder_has_no_rules() -> None:
    policy = {"kind": "ClusterPolicy", "metadata": {"name": "a"}, "spec": {"dcgm": {"enabled": True}}}
    ours, theirs = (
        Object(canonical({"apiVersion": f"{group}/v1", **policy}), USERS) for group in ("nvidia.com", "kyverno.io")
    )
    pods = [
        Object(canonical({"apiVersion": "a.b/v1", "kind": kind, "metadata": {"name": "a"}}), USERS)
        for kind in ("Pods", "Objects")
    ]
    every = run_rules(context([theirs])).ran
    assert run_rules(context(pods)).ran == every, "the rules about every object"
    assert run_rules(context([ours])).ran > every
    assert run_rules(context([])).ran == 0


@pytest.mark.parametrize(
    ("file", "left"), [("vendor/pod.yaml", {"BP6301"}), ("own/pod.yaml", {"BP6101", "BP6115", "BP6301"})]
)
def test_what_is_ignored_in_a_file_is_found_in_others(file: str, left: set[str]) -> None:
    """Credentials are found everywhere."""
    origin = FieldOrigin(Span(file, 1, 1, 1, 2), ())
    [pod] = objects()
    found = run_rules(
        context([replace(pod, origins={(): origin})]), RulePolicy(ignored_paths=(("vendor/*", ("BP6", "BP7")),))
    )
    assert ids(found) == left


@pytest.mark.parametrize(
    ("name", "meant"),
    [("BP6115", True), ("bp61", True), ("BP6114", False), ("image-not-pinned", True), ("image", False), ("BPX", False),
     ("BP", False)],
)  # fmt: skip
def test_a_name_is_a_code_its_beginning_a_slug_or_a_tag(name: str, meant: bool) -> None:
    assert ("BP6115" not in ids(run(RulePolicy(ignore=(name,))))) is meant


def test_why_a_rule_does_not_run_is_reported() -> None:
    def why(policy: RulePolicy) -> set[str]:
        skipped = run(policy).skipped
        return {each.reason for each in skipped if "BP6115" in {code.id for code in each.rule.codes}}

    assert why(RulePolicy()) == set()
    assert why(RulePolicy(select=("BP6101",))) == {"it is not selected"}
    assert why(RulePolicy(profile=Profile.MINIMAL)) == {"it is not in the profile minimal"}
    assert why(RulePolicy(ignore=("BP6115",))) == set()  # the rule has another code
    assert why(RulePolicy(ignore=("BP6115", "BP6179", "BP6182"))) == {"it is ignored"}


POLICY = """\
[rules]
profile = "strict"
ignore = ["image-not-pinned"]
severity = { BP6101 = "warning" }

[rules.options.BP6301]
allowed = ["API_TOKEN"]

[rules.paths]
"vendor/*" = ["BP61"]
"""


def test_a_policy_is_read_from_toml() -> None:
    policy = parse_policy(POLICY, ".blueprint.toml")
    assert policy
    assert policy == RulePolicy(
        profile=Profile.STRICT,
        ignore=("image-not-pinned",),
        severity={"BP6101": Severity.WARNING},
        options={"BP6301": {"allowed": ("API_TOKEN",)}},
        ignored_paths=(("vendor/*", ("BP61",)),),
    )
    assert {(each.code.id, each.severity) for each in run(policy).diagnostics} == {("BP6101", Severity.WARNING)}
    assert parse_policy("[tool.other]\n", "pyproject.toml", ("tool", "blueprint", "rules")) is None


@pytest.mark.parametrize(
    ("text", "line", "column", "message", "help_"),
    [
        ("[rules\n", 1, 7, "not TOML", None),
        ("[rules]\nprofil = 'strict'\n", 2, 1, "unknown key profil", "did you mean profile?"),
        ("[rules]\nx = 1\n", 2, 1, "unknown key x", "profile, select, ignore, severity, options, paths"),
        ("[rules]\nselects = []\n", 2, 1, "unknown key selects", "did you mean select?"),
        ("[rules]\nignored = []\n", 2, 1, "unknown key ignored", "did you mean ignore?"),
        ("[rules]\nseverities = {}\n", 2, 1, "unknown key severities", "did you mean severity?"),
        ("[rules]\noption = {}\n", 2, 1, "unknown key option", "did you mean options?"),
        ("[rules]\npath = {}\n", 2, 1, "unknown key path", "did you mean paths?"),
        ("[rules]\nprofile = 'all'\n", 2, 1, "profile cannot be 'all'", "use one of minimal, recommended, strict"),
        ('[rules]\nselect = [\n  "BP6101",\n  "BP6999",\n]\n', 4, 3, "BP6999 is not a code, slug or tag of a rule",
         "`blueprint explain rules` lists them"),
        ("[rules]\nignore = ['Zzz']\n", 2, 11, "Zzz is not a code", "`blueprint explain rules` lists them"),
        ("[rules]\nignore = ['BP']\n", 2, 11, "BP is not a code", "`blueprint explain rules` lists them"),
        ("[rules]\nselect = 'BP6101'\n", 2, 1, "select must be a list of codes", None),
        ("[rules]\nignore = ['BP6101', 7]\n", 2, 1, "ignore must be a list of codes", None),
        ("[rules]\nseverity = 'note'\n", 2, 1, "rules.severity must be a table", None),
        ("[rules]\noptions = 7\n", 2, 1, "rules.options must be a table", None),
        ("[rules]\npaths = []\n", 2, 1, "rules.paths must be a table", None),
        ("[rules.severity]\nBP6101 = 'fatal'\n", 2, 1, "severity.BP6101 cannot be 'fatal'",
         "use one of error, warning, note"),
        ("[rules.severity]\nBP6301 = 'note'\n", 2, 1, "cannot be changed", None),
        ("[rules.severity]\nsecret-in-plain-tex = 'note'\n", 2, 1, "no rule has the code secret-in-plain-tex",
         "did you mean secret-in-plain-text?"),
        ("[rules.options.BP6301]\nallow = []\n", 2, 1, "BP6301 has no option allow", "its options: allowed"),
        ("[rules.options.BP6101]\nallow = []\n", 2, 1, "BP6101 has no option allow", "this rule has no options"),
        ("[rules.options.BP6301]\nallowed = 7\n", 2, 1, "options.BP6301.allowed must be a list of strings", None),
        ("[rules.options.BP6301]\nallowed = [7]\n", 2, 1, "options.BP6301.allowed must be a list of strings", None),
        ("[rules.options]\nBP6301 = 7\n", 2, 1, "rules.options.BP6301 must be a table", None),
        ("[rules.options]\nBP6999 = {}\n", 2, 1, "no rule has the code BP6999", None),
        ("[rules]\nprofile = 'strict'\n[rules.paths]\n'a/*' = ['securty']\n", 4, 10, "securty is not a code",
         "did you mean security?"),
    ],
)  # fmt: skip
def test_mistakes_of_a_policy_have_their_place(
    text: str, line: int, column: int, message: str, help_: str | None
) -> None:
    with pytest.raises(Refused) as refused:
        parse_policy(text, ".blueprint.toml")
    [found] = refused.value.diagnostics
    assert refused.value.exit_code == 2
    assert found.at
    assert (found.at.line, found.at.column) == (line, column), found
    assert message in found.message
    assert (found.help is None) is (help_ is None)
    assert (found.help or "").startswith(help_ or "")


def test_the_nearest_policy_upwards_counts_and_flags_come_last(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "team" / "jobs").mkdir(parents=True)
    file = tmp_path / "team" / "jobs" / "pod.yaml"
    file.write_text(POD.replace("value: abc", 'value: "1"'))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pyproject.toml").write_text('[tool.blueprint.rules]\nignore = ["BP61"]\n')
    assert main(["lint", "team"]) == 0
    (tmp_path / "team" / ".blueprint.toml").write_text('[rules]\nignore = ["BP6115"]\n')
    assert main(["lint", "team"]) == 1
    assert main(["lint", "team", "--ignore", "scheduling"]) == 0
    assert main(["lint", "team", "--select", "BP6115"]) == 0
    assert main(["lint", "team", "--ignore", "nonsense"]) == 2
    (tmp_path / "team" / ".blueprint.toml").write_text("[rules]\nignored = []\n")
    capsys.readouterr()
    assert main(["lint", "team"]) == 2
    assert "team/.blueprint.toml:2:1" in capsys.readouterr().out
