"""Codes of the check phase: rules that fail (BP006x), schemas (BP50xx) and references inside the set (BP51xx)."""

from blueprint.diagnostics import Severity, define

RULE_FAILED = define(
    "BP0060",
    "rule-failed",
    """
A rule raised an error instead of judging an object. All other rules ran, but what this one looks for is not known, so
the result is incomplete. This is a bug of the rule: please report it with the evidence; `BLUEPRINT_DEBUG=1` adds the
traceback. `--ignore CODE` runs the others without the rule.
""",
)
KIND_NOT_SERVED = define(
    "BP5001",
    "kind-not-served",
    """
The Kubernetes minor that the blueprint declares does not serve this kind under this apiVersion: it was
removed, is not there yet, or is misspelt. The API server would answer "no matches for kind". The help names
the version that is served, where there is one.
""",
)
SCHEMA_UNKNOWN = define(
    "BP5002",
    "schema-unknown",
    """
This is a custom resource, and nothing here says what it may contain, so it cannot be checked, and what cannot
be checked is not passed off as correct. Add its CustomResourceDefinition to `extraManifests`.
""",
)
UNKNOWN_FIELD = define(
    "BP5003",
    "unknown-field",
    """
The API has no field of this name at this place. Server-side apply refuses it; other clients drop it without
a word, and the setting never takes effect. Most often it is misspelt, or stands one level too high or too low.
""",
)
MISSING_FIELD = define(
    "BP5004",
    "missing-field",
    """
The API requires a field that is not there. The API server would refuse the object.
""",
)
WRONG_TYPE = define(
    "BP5005",
    "field-wrong-type",
    """
The value is of another type than the field: a number where text is needed (labels, annotations, environment
variables and ConfigMap data are always text), text where a number is needed, a list where a map is needed.
Server-side apply answers such values with an unhelpful internal error.
""",
)
VALUE_NOT_ALLOWED = define(
    "BP5006",
    "field-value-not-allowed",
    """
The field takes one of a few words, and this is none of them. Case matters.
""",
)
OUT_OF_BOUNDS = define(
    "BP5007",
    "out-of-bounds",
    """
A number is too small or too large, a text too short or too long, or a list has too few or too many items for
what the API accepts.
""",
)
MALFORMED = define(
    "BP5008",
    "field-malformed",
    """
The text does not have the form that the field demands: a quantity (`500m`, `1Gi`), a DNS name, a point in
time, base64, or a pattern that the custom resource's schema gives.
""",
)
CONDITION_NOT_MET = define(
    "BP5009",
    "condition-not-met",
    """
The schema of the custom resource combines conditions (`oneOf`, `anyOf`, `not`), and this value does not meet
them. The message shows which.
""",
)
DUPLICATE_ITEM = define(
    "BP5010",
    "duplicate-list-item",
    """
Two items of a list have the same key, although the API identifies items by that key (environment variables by
name, ports by number and protocol). Server-side apply refuses such a list; other clients keep one of the two,
and which one is luck.
""",
)
REPEATED_ITEM = define(
    "BP5031",
    "item-repeated",
    """
Two variables of a container have one name, or two ports one number and protocol. The API server takes that on create, and the last
variable counts. Server-side apply (`blueprint apply`, `kubectl apply --server-side`, Flux) refuses it, and a later
`kubectl apply` may keep the wrong one.
""",
)
QUANTITY_FORM = define(
    "BP5011",
    "quantity-not-canonical",
    """
Quantities have one canonical form (`1000m` is `1`, `1024Mi` is `1Gi`). Custom resources are stored as they are written,
and the operator that rewrites one brings its quantities into that form, which looks like a change. Whole numbers
without quotes, and other forms in Kubernetes' own kinds, are compared by what they mean, and are no finding.
""",
    severity=Severity.WARNING,
)
MEANINGLESS_VALUE = define(
    "BP5012",
    "says-nothing",
    """
A null, an empty list or an empty map sets nothing, and yet the one who applies it becomes the owner of the
field: a later change by its rightful owner is a conflict. Leave the field out.
""",
    severity=Severity.WARNING,
)
SERVER_FIELD = define(
    "BP5013",
    "server-set-field",
    """
The cluster sets this field (`status`, `uid`, `resourceVersion`, `managedFields`, ...). In a manifest it is
ignored at best; a foreign `uid`, a stale `resourceVersion` or `managedFields` make the API server refuse the
object. Such fields come from `kubectl get -o yaml`; remove them.
""",
)
BAD_NAME = define(
    "BP5014",
    "bad-name",
    """
The name has a form that the API server refuses for this kind. Most names are DNS subdomains (lower-case
letters, digits, `-` and `.`, at most 253); namespaces and services are single DNS labels (at most 63).
""",
)
BAD_LABEL = define(
    "BP5015",
    "bad-label",
    """
A label or annotation is not of the form that the API server accepts. Keys are an optional DNS subdomain and
`/`, then at most 63 letters, digits, `-`, `_`, `.`, beginning and ending with a letter or digit. Label values
have the same form without a prefix, and may be empty.
""",
)
NAMESPACE_MISSING = define(
    "BP5016",
    "namespace-missing",
    """
Objects of this kind live in a namespace, and this one names none. It would land wherever the client that
applies it happens to point.
""",
)
NAMESPACE_NOT_ALLOWED = define(
    "BP5017",
    "namespace-not-allowed",
    """
Objects of this kind belong to the whole cluster and have no namespace. The API server drops it silently,
after which nothing that compares by namespace finds the object again.
""",
)
TOO_LARGE = define(
    "BP5018",
    "too-large",
    """
The annotations of one object may be 256 KiB together; the data of a ConfigMap or Secret 1 MiB. The API server
refuses more.
""",
)
STRING_DATA = define(
    "BP5019",
    "string-data",
    """
`stringData` of a Secret is write-only: keys that are dropped from it later stay in the Secret, and nobody
notices when `data` is changed behind it. Secrets are rendered with `data` in base64.
""",
)
DUPLICATE_OBJECT = define(
    "BP5020",
    "object-given-twice",
    """
Two objects of the set have the same kind, namespace and name, so one would overwrite the other.
""",
)
SCHEMA_UNUSABLE = define(
    "BP5021",
    "schema-unusable",
    """
The schema inside a CustomResourceDefinition is itself wrong (a pattern that is no regular expression, a type
that does not exist), so resources of this kind cannot be checked. The API server would refuse the definition.
""",
)
NOT_ON_BY_DEFAULT = define(
    "BP5022",
    "api-not-on-by-default",
    """
Alpha and beta versions of Kubernetes' own APIs are served only by an API server that was started with a
matching `--runtime-config`, and mostly a feature gate. On any other the apply fails with "no matches for kind".
""",
    severity=Severity.WARNING,
)
MINOR_UNKNOWN = define(
    "BP5023",
    "kubernetes-minor-unknown",
    """
The tool has no schema for the Kubernetes minor that the blueprint declares, so nothing can be checked against
it. The message names the minors there are.
""",
)
TOO_MANY_FAULTS = define(
    "BP5030",
    "too-many-faults",
    """
The object does not match the schema of its kind in more than a thousand places of one sort. The first thousand are listed.
""",
)
RULE_VIOLATED = define(
    "BP5024",
    "validation-rule-violated",
    """
The custom resource's definition has a validation rule (`x-kubernetes-validations`), and this value breaks it. The API
server would refuse the object with the same message. The help shows the rule where the message does not.
""",
)
RULE_NOT_EVALUATED = define(
    "BP5025",
    "validation-rule-not-evaluated",
    """
The custom resource's definition has a validation rule that could not be evaluated here: the library for CEL is not
installed (`pip install "gpu-platform-blueprint[cel]"`), it does not have a function that the rule uses, or the rule
takes too long. The API server will evaluate it. Nothing is known about the value until then.
""",
    severity=Severity.NOTE,
)
DEFINITION_REFUSED = define(
    "BP5026",
    "definition-refused",
    """
A CustomResourceDefinition breaks a rule that the API server has for definitions: its name is not
`<plural>.<group>`, not exactly one version is stored, the schema is not structural, or a validation rule is no
expression that compiles. The API server refuses the definition, and with it everything of its kind.
""",
)

SERVICE_ACCOUNT_MISSING = define(
    "BP5101",
    "service-account-missing",
    """
A workload runs as a ServiceAccount that is not among the rendered objects. Its pods cannot be created until
somebody makes it. In a namespace that the blueprint itself renders this is an error, elsewhere a warning.
""",
)
CONFIG_MISSING = define(
    "BP5102",
    "config-missing",
    """
A pod mounts or reads a ConfigMap or Secret that is not among the rendered objects and is not marked
`optional`. The pod waits in ContainerCreating until somebody makes it: an operator, a certificate manager or
you. If that is intended, mark it `optional` or note it as a prerequisite.
""",
    severity=Severity.WARNING,
)
ROLE_MISSING = define(
    "BP5103",
    "role-missing",
    """
A binding grants a role that is not among the rendered objects and is not one that every cluster has. The
binding grants nothing until somebody makes the role. In a namespace that the blueprint itself renders a
missing Role is an error, elsewhere a warning.
""",
)
NAMESPACE_NOT_RENDERED = define(
    "BP5104",
    "namespace-not-rendered",
    """
The object's namespace is neither among the rendered objects nor one that every cluster has, so it must exist
before the first apply.
""",
    severity=Severity.WARNING,
)
SELECTOR_MISMATCH = define(
    "BP5105",
    "selector-mismatch",
    """
The selector of a workload does not match the labels of its own pod template. The API server refuses it.
""",
)
VOLUME_MISSING = define(
    "BP5106",
    "volume-missing",
    """
A container mounts a volume that its pod does not have. The API server refuses the pod, and with it the
workload.
""",
)
SUBJECT_MISSING = define(
    "BP5107",
    "subject-missing",
    """
A binding grants rights to a ServiceAccount that is not among the rendered objects, although its namespace
is. The rights reach nobody; mostly the name or the namespace of the subject is misspelt.
""",
)
