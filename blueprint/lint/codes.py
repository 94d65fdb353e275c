"""Diagnostic codes for linting manifests (BP006x)."""

from blueprint.diagnostics import Severity, define

TEMPLATE_SKIPPED = define(
    "BP0062",
    "template-skipped",
    """
The document is a template of Helm, Jinja, Terraform or `envsubst`, and not valid YAML before it is rendered, so it was
not checked. Render it first and lint the output: `helm template RELEASE CHART | blueprint lint -`, `envsubst < FILE |
blueprint lint -`.
""",
    severity=Severity.NOTE,
)
NOT_KUBERNETES = define(
    "BP0063",
    "not-a-kubernetes-object",
    """
The file contains YAML that is not a Kubernetes object: values of a chart, a kustomization, the configuration of a
program, which may also be JSON with comments. It was not checked.
""",
    severity=Severity.NOTE,
)
PLACEHOLDERS = define(
    "BP0065",
    "placeholders-not-checked",
    """
The file has placeholders (`${NAME}`, `$NAME`, `{{ NAME }}`, `<name>`, `YOUR_NAME`) that another program, or the reader
of a guide, replaces before the objects are applied: `envsubst`, Flux with `postBuild.substitute`, Helm. Findings about
values with a placeholder are omitted, since the values are unknown, and so are findings about missing fields in a document with a
comment `# ...`. Replace them first to check everything: `envsubst < FILE | blueprint lint -`.
""",
    severity=Severity.NOTE,
)
PATCH_SKIPPED = define(
    "BP0066",
    "patch-skipped",
    """
The file contains only part of an object: a patch of a kustomization, a `status` that a test of an operator asserts
(kuttl, Chainsaw), or an excerpt in which a line `...` stands for the rest. It was not checked. Build a kustomization
and lint the output: `kubectl kustomize FOLDER | blueprint lint -`.
""",
    severity=Severity.NOTE,
)
NOTHING_TO_LINT = define(
    "BP0064",
    "nothing-to-lint",
    """
None of the paths contains a manifest. Folders are searched for files that end in `.yaml`, `.yml` or `.json`;
hidden folders are left out.
""",
)
