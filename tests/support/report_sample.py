"""A run with every case that report formats must support, and the sources that it references."""

from __future__ import annotations

from blueprint.bundle.model import FieldOrigin, ObjectId, Source
from blueprint.changes.compare import ABSENT, Action, FieldChange, ObjectChange
from blueprint.diagnostics import Code, Diagnostic, Fix, Note, Severity, Span
from blueprint.report import Coverage, Run
from blueprint.report.model import IgnoredDifference, ReportedImage

MIG = Code(
    "BP3104",
    "mig-profile-unsupported",
    Severity.ERROR,
    "The GPU cannot be partitioned into this profile.\n\nEvery product has `profiles`:\n\n"
    "- of NVIDIA's tables\n- no others",
)
KEY = Code("BP1001", "duplicate-key", Severity.ERROR, "A key stands twice in one mapping. **Remove one.**")
STYLE = Code("BP2999", "odd-style", Severity.WARNING, "Reads badly.")
DRIFT = Code("BP8001", "field-modified", Severity.ERROR, "A live field differs from what was applied.")
PROBE = Code("BP9001", "reading-differs", Severity.ERROR, "A GPU says something else than the blueprint.")
REMARK = Code("BP0998", "remark", Severity.NOTE, "Good to know.")

SOURCES = {
    "clusters/prod-eu.yaml": (
        "apiVersion: gpublueprint.dev/v1alpha2\n"
        "kind: Blueprint\n"
        "metadata: {name: prod-eu, version: 1.4.0}\n"
        "extends: [../base.yaml]\n"
        "spec:\n"
        "  nodePools:\n"
        "    infer:\n"
        "      gpu:\n"
        "        mig:\n"
        "          layout:\n"
        "      - {devices: 0-3, profiles: {1g.5gb: 7}}\n"
        "    トレーニング: {nodes: 4, nodes: 5}  # combining: e\u0301 cafe\u0301 x: 1\n"
        "\tselector:\t{acme.example/pool: train}\n"
        f"    long: {{{', '.join(f'key{n:02}: value{n:02}' for n in range(40))}}}\n"
        '    hidden: "safe\u202e }gnorw{ \u2066\x1b[31mred"\n'
    ),
    "base.yaml": "spec:\n  gpu:\n        product: A100-SXM4-80GB\n  expect: {ecc: true}\n",
}


def source(file: str) -> str | None:
    return SOURCES.get(file)


def span(file: str, line: int, text: str) -> Span:
    """The first occurrence of `text` on a line of a sample source."""
    column = SOURCES[file].split("\n")[line - 1].index(text) + 1
    return Span(file, line, column, line, column + len(text))


PROD = "clusters/prod-eu.yaml"

DIAGNOSTICS = (
    Diagnostic(  # everything at once
        MIG,
        "A100-SXM4-80GB cannot be partitioned into 1g.5gb",
        span(PROD, 11, "1g.5gb"),
        "not a profile of this GPU",
        (Note("product set here by base.yaml", span("base.yaml", 3, "A100-SXM4-80GB")),),
        "profiles of this GPU: 1g.10gb, 1g.10gb+me, 1g.20gb, 2g.20gb, 3g.40gb, 4g.40gb, 7g.80gb",
        Fix(span(PROD, 11, "1g.5gb"), "1g.10gb"),
    ),
    Diagnostic(KEY, "nodes stands twice", span(PROD, 12, "nodes: 5"), "again here"),  # wide characters before
    Diagnostic(STYLE, "a tab indents selector", span(PROD, 13, "selector"), fix=Fix(span(PROD, 13, "\t"), "  ")),
    Diagnostic(STYLE, "too many keys", span(PROD, 14, "key30"), "this one is far to the right"),
    Diagnostic(STYLE, "bidirectional text", span(PROD, 15, "red"), "after controls"),
    Diagnostic(MIG, "a place of several lines", Span(PROD, 6, 3, 11, 20), "all of this"),
    Diagnostic(KEY, "a file that is gone", Span("gone.yaml", 3, 1, 3, 5), "it was here"),
    Diagnostic(KEY, "a file that is shorter now", Span("base.yaml", 99, 1, 99, 5)),
    Diagnostic(  # drift: subject, path, evidence, a note without a place
        DRIFT,
        "spec.driver.version of ClusterPolicy/cluster-policy was changed in the cluster",
        span("base.yaml", 4, "ecc"),
        notes=(Note("the last writer is not known to the audit log"),),
        subject="ClusterPolicy/cluster-policy",
        path="spec.driver.version",
        evidence=(("declared", "580.65.06"), ("live", "570.133.20"), ("writer", "kubectl-edit (Update)")),
    ),
    Diagnostic(PROBE, "GPU 3 of gpu-07 has ECC off", subject="Node/gpu-07", evidence=(("uuid", "GPU-0001"),)),
    Diagnostic(
        DRIFT,
        "data.password differs: live hunter2hunter2",
        subject="Secret/apps/db",
        path="data.password",
        evidence=(("declared", "correct-horse"), ("live", "hunter2hunter2"), ("writer", "mallory")),
    ),
    Diagnostic(REMARK, "3 of 14 pools have no nodes yet", override=Severity.NOTE),
    Diagnostic(  # hostile: escape sequences, markup, workflow commands, mentions, back-ticks, surrogates
        STYLE,
        "\x1b[2J\x9b2J<script>alert(1)</script> ::error::x%0A @everyone ``` | [a](http://evil.example) \udc80 \u202e",
        Span("<--set>", 1, 1, 1, 2),
        "\r\n::warning::label",
        help="see --> <img src=x onerror=alert(1)> & \"quotes\" 'n'",
        evidence=(("na\x07me", "va\x1b]0;title\x07lue\n::stop-commands::x"),),
        fix=Fix(Span("<--set>", 1, 1, 1, 2), "</script>\x00"),
    ),
)


def _origin(file: str, line: int, path: str) -> FieldOrigin:
    return FieldOrigin(
        Span("components/gpu-operator/templates/policy.yaml", 7, 5, 7, 20),
        (
            Source("default", Span(file, 1, 1, 1, 2), "spec"),
            Source("blueprint", Span(file, line, 9, line, 12), path),
        ),
    )


CHANGES = (
    ObjectChange(ObjectId("", "Namespace", "", "gpu-operator"), Action.CREATE),
    ObjectChange(
        ObjectId("nvidia.com", "ClusterPolicy", "", "cluster-policy"),
        Action.UPDATE,
        (
            FieldChange(("spec", "driver", "version"), "570.1", "580.6", _origin(PROD, 11, "spec.x")),
            FieldChange(("spec", "mig", "strategy"), ABSENT, "mixed", _origin("base.yaml", 3, "spec.gpu")),
            FieldChange(("spec", "old"), {"a": [1, None, True]}, ABSENT),
            FieldChange(("metadata", "labels", "a.b/c"), "\x1b[31mx", "y" * 300),
        ),
    ),
    ObjectChange(
        ObjectId("", "ConfigMap", "gpu-operator", "mig"),
        Action.UPDATE,
        (FieldChange(("data", "config.yaml"), "a: 1\nb: 2\nc: 3\n", "a: 1\nb: 4\nc: 3\n"),),
    ),
    ObjectChange(
        ObjectId("", "Secret", "apps", "db"),
        Action.UPDATE,
        (
            FieldChange(("data", "password"), "aHVudGVyMg==", "Y29ycmVjdC1ob3JzZQ=="),
            FieldChange(("metadata", "labels", "app"), "db", "database"),
            FieldChange(("stringData",), ABSENT, {"token": "opensesame", "again": "aHVudGVyMg=="}),
        ),
    ),
    ObjectChange(ObjectId("apps", "DaemonSet", "x", "p"), Action.REPLACE, (), "immutable: spec.selector"),
    ObjectChange(ObjectId("", "ConfigMap", "x", "old"), Action.DELETE, (), "in inventory, no longer rendered"),
    ObjectChange(ObjectId("", "Service", "x", "a"), Action.UNCHANGED),
    ObjectChange(ObjectId("", "Service", "x", "b"), Action.UNCHANGED),
    ObjectChange(ObjectId("example.com", "Thing", "", "t"), Action.UNKNOWN, (), "its CRD is not served"),
)

SECRETS = ("hunter2", "correct-horse", "aHVudGVyMg", "Y29ycmVjdC", "opensesame")

RUNS = {
    "findings": Run(
        "validate",
        "Validate clusters/prod-eu.yaml against Kubernetes 1.36",
        diagnostics=DIAGNOSTICS,
        coverage=(Coverage("objects", 214, 3, "LIST secrets: forbidden"), Coverage("nodes", 12)),
        out_of_scope=("derived",),
        subject={"blueprint": PROD, "bundle": "sha256:7c1d", "context": "gpu-prod"},
        verdict="The blueprint has mistakes; nothing was written.",
        exit_code=1,
    ),
    "changes": Run(
        "plan",
        "Plan of prod-eu against context gpu-prod",
        changes=CHANGES,
        coverage=(Coverage("objects", 9),),
        verdict="Written to plan.json",
    ),
    "empty": Run("validate", "Validate clusters/prod-eu.yaml", verdict="The blueprint is sound."),
    "bare": Run("compile", ""),
    "platform": Run(
        "diff",
        "diff a.yaml b.yaml",
        platform=(
            ObjectChange(
                ObjectId("", "pool", "", "train"),
                Action.UPDATE,
                (FieldChange(("nodes",), 4, 64, _origin(PROD, 11, "spec.nodePools.train.nodes"), "nodes"),),
            ),
            ObjectChange(ObjectId("", "expectations", "", "<b>"), Action.DELETE),
            ObjectChange(ObjectId("", "images", "", ""), Action.UPDATE, (), "in another order"),
        ),
        changes=(
            ObjectChange(ObjectId("", "Namespace", "", "gpu-operator"), Action.CREATE),
            *(
                ObjectChange(
                    ObjectId("", "ConfigMap", "x", name),
                    Action.UPDATE,
                    (FieldChange(("metadata", "labels", "app.kubernetes.io/version"), "v26.3", "v26.7"),),
                )
                for name in "abcd"
            ),
        ),
        verdict="They differ: 3 parts of the platform and 5 objects",
        exit_code=1,
    ),
    "images": Run(
        "images",
        "images of prod-eu",
        verdict="2 images are pulled",
        images=(
            ReportedImage(
                "nvcr.io/nvidia/driver:580-ubuntu24.04",
                "nvcr.io/nvidia/driver",
                "580-ubuntu24.04",
                None,
                "gpu-operator",
                "operator",
                Source("blueprint", Span(PROD, 11, 9, 11, 12), "spec.x"),
            ),
            ReportedImage("a.example/<b>@sha256:0", "a.example/<b>", "", "sha256:0", "nfd", "manifest"),
        ),
    ),
    "unknown": Run(
        "drift",
        "Drift of prod-eu against context gpu-prod",
        coverage=(Coverage("objects", 211, 3, "LIST secrets: forbidden"),),
        out_of_scope=("derived", "nodes"),
        exit_code=3,
    ),
    "left out": Run(
        "drift",
        "Drift of prod-eu against context gpu-prod",
        coverage=(Coverage("objects", 211),),
        left_out=(
            IgnoredDifference(
                "PersistentVolume/b", "spec.claimRef", "binding of a volume", '"kube-controller-manager" (Update)'
            ),
            IgnoredDifference(
                "PersistentVolume/a", "spec.claimRef", "binding of a volume", '"kube-controller-manager" (Update)'
            ),
            IgnoredDifference("Job/x/once", "", "a Job that is deleted once it is done"),
        ),
    ),
}
