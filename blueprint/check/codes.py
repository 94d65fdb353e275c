"""Diagnostic codes of the check phase: failing rules (BP006x), schemas (BP50xx) and references between objects
(BP51xx).
"""

from blueprint.diagnostics import Severity, define

RULE_FAILED = define(
    "BP0060",
    "rule-failed",
    """
A rule raised an exception while checking an object. All other rules ran, but the result of this one is unknown, so
the run is incomplete. This is a bug in the rule: please report it with the evidence; `BLUEPRINT_DEBUG=1` adds the
traceback. `--ignore CODE` runs the others without this rule.
""",
)
RULE_INCOMPLETE = define(
    "BP0069",
    "rule-incomplete",
    """
A rule did not compare everything, because a very large input would take too long: for example, more than a hundred pods
have each of the labels of a selector. What it did not compare is unknown, not correct. The message gives the reason and
the number of objects. Findings of this rule for all other objects are complete. Checking fewer objects at a time avoids
the limit.
""",
    severity=Severity.NOTE,
)
KIND_NOT_SERVED = define(
    "BP5001",
    "kind-not-served",
    """
The declared Kubernetes minor does not serve this kind under this apiVersion: it was removed, has not been added yet,
or is misspelt. The API server would report "no matches for kind". The help names the version that is served, if there
is one.
""",
)
SCHEMA_UNKNOWN = define(
    "BP5002",
    "schema-unknown",
    """
This is a custom resource whose schema is not known, so it cannot be checked. Unchecked objects are never reported as
valid. Add its CustomResourceDefinition to `extraManifests`.
""",
)
UNKNOWN_FIELD = define(
    "BP5003",
    "unknown-field",
    """
The API has no such field at this place. Server-side apply rejects it; other clients silently drop it, and the setting
never takes effect. Usually the field is misspelt, or one level too high or too low.
""",
)
MISSING_FIELD = define(
    "BP5004",
    "missing-field",
    """
A required field is missing. The API server would reject the object.
""",
)
WRONG_TYPE = define(
    "BP5005",
    "field-wrong-type",
    """
The value has the wrong type for the field: a number instead of a string (labels, annotations, environment variables
and ConfigMap data are always strings), a string instead of a number, or a list instead of a map. Server-side apply
reports such values with an unhelpful internal error.
""",
)
VALUE_NOT_ALLOWED = define(
    "BP5006",
    "field-value-not-allowed",
    """
The field accepts a fixed set of values, and this is not one of them. Values are case-sensitive.
""",
)
OUT_OF_BOUNDS = define(
    "BP5007",
    "out-of-bounds",
    """
A number is too small or too large, a string too short or too long, or a list has too few or too many items for the
API.
""",
)
MALFORMED = define(
    "BP5008",
    "field-malformed",
    """
The value does not have the required format: a quantity (`500m`, `1Gi`), a DNS name, a timestamp, base64, or a pattern
in the custom resource's schema.
""",
)
CONDITION_NOT_MET = define(
    "BP5009",
    "condition-not-met",
    """
The schema of the custom resource combines conditions (`oneOf`, `anyOf`, `not`), and this value does not satisfy them.
The message shows which.
""",
)
DUPLICATE_ITEM = define(
    "BP5010",
    "duplicate-list-item",
    """
Two items of a list have the same key, although the API identifies items by that key (environment variables by name,
ports by number and protocol). Server-side apply rejects such a list; other clients keep one of the two arbitrarily.
""",
)
REPEATED_ITEM = define(
    "BP5031",
    "item-repeated",
    """
Two variables of a container have the same name, or two ports the same number and protocol. The API server accepts this
on create, and the last variable takes effect. Server-side apply (`blueprint apply`, `kubectl apply --server-side`,
Flux) refuses it, and a later `kubectl apply` may keep the wrong one.
""",
)
QUANTITY_FORM = define(
    "BP5011",
    "quantity-not-canonical",
    """
Quantities have one canonical form (`1000m` is `1`, `1024Mi` is `1Gi`). Custom resources are stored as written, and an
operator that rewrites one canonicalizes its quantities, which looks like a change. Integers without quotes, and
non-canonical forms in Kubernetes' built-in kinds, are compared by value and not reported.
""",
    severity=Severity.WARNING,
)
MEANINGLESS_VALUE = define(
    "BP5012",
    "sets-nothing",
    """
A null, an empty list or an empty map sets nothing, but the applying manager becomes the owner of the field, so a later
change by another manager is a conflict. Omit the field.
""",
    severity=Severity.WARNING,
)
SERVER_FIELD = define(
    "BP5013",
    "server-set-field",
    """
The cluster sets this field (`status`, `uid`, `resourceVersion`, `managedFields`, ...). In a manifest it is ignored at
best; a different `uid`, a stale `resourceVersion`, or `managedFields` make the API server reject the object. Such
fields usually come from `kubectl get -o yaml`; remove them.
""",
)
BAD_NAME = define(
    "BP5014",
    "bad-name",
    """
The API server rejects this name for this kind. Most names are DNS subdomains (lowercase letters, digits, `-` and `.`,
at most 253 characters); namespaces and services are single DNS labels (at most 63).
""",
)
BAD_LABEL = define(
    "BP5015",
    "bad-label",
    """
A label or annotation is malformed. A key is an optional DNS subdomain and `/`, followed by at most 63 letters,
digits, `-`, `_` and `.`, beginning and ending with a letter or digit. Label values have the same form without a
prefix, and may be empty.
""",
)
NAMESPACE_MISSING = define(
    "BP5016",
    "namespace-missing",
    """
Objects of this kind are namespaced, but this one sets no namespace. It would be created in whatever namespace the
applying client uses by default.
""",
)
NAMESPACE_NOT_ALLOWED = define(
    "BP5017",
    "namespace-not-allowed",
    """
Objects of this kind are cluster-scoped and have no namespace. The API server silently drops it, and tools that look
up the object by namespace no longer find it.
""",
)
TOO_LARGE = define(
    "BP5018",
    "too-large",
    """
The annotations of an object may total 256 KiB, the data of a ConfigMap or Secret 1 MiB, and the whole object 3 MiB as
JSON. The API server rejects more. In an object of more than 3 MiB nothing else is checked.
""",
)
STRING_DATA = define(
    "BP5019",
    "string-data",
    """
`stringData` of a Secret is write-only: keys that are later removed from it remain in the Secret, and changes to
`data` go unnoticed. Secrets are therefore rendered with `data` in base64.
""",
)
DUPLICATE_OBJECT = define(
    "BP5020",
    "object-given-twice",
    """
Two objects have the same kind, namespace and name, so one would overwrite the other.
""",
)
SCHEMA_UNUSABLE = define(
    "BP5021",
    "schema-unusable",
    """
The schema in a CustomResourceDefinition is invalid (a pattern that is not a regular expression, a type that does not
exist), so resources of this kind cannot be checked. The API server would reject the definition.
""",
)
NOT_ON_BY_DEFAULT = define(
    "BP5022",
    "api-not-on-by-default",
    """
The API server serves alpha and beta versions of Kubernetes' own APIs only if it was started with a matching
`--runtime-config`, and usually a feature gate. Otherwise the apply fails with "no matches for kind".
""",
    severity=Severity.WARNING,
)
MINOR_UNKNOWN = define(
    "BP5023",
    "kubernetes-minor-unknown",
    """
The tool has no schemas for the declared Kubernetes minor, so nothing can be checked against it. The message lists the
supported minors.
""",
)
TOO_MANY_FAULTS = define(
    "BP5030",
    "too-many-faults",
    """
The object has more than a thousand schema violations of one kind. The first thousand are listed.
""",
)
RULE_VIOLATED = define(
    "BP5024",
    "validation-rule-violated",
    """
The CustomResourceDefinition has a validation rule (`x-kubernetes-validations`) that this value violates. The API
server would reject the object with the same message. The help shows the rule if the message does not.
""",
)
RULE_NOT_EVALUATED = define(
    "BP5025",
    "validation-rule-not-evaluated",
    """
The CustomResourceDefinition has a validation rule that could not be evaluated here: the CEL library is not installed
(`pip install "gpu-platform-blueprint[cel]"`), it lacks a function that the rule uses, evaluation takes too long, or it
might make a value of more than a million elements. The API server will evaluate the rule; until then it is unknown
whether the value is valid. If the time limit is exceeded only for messages, the violation is reported with a message
without values.
""",
    severity=Severity.NOTE,
)
DEFINITION_REFUSED = define(
    "BP5026",
    "definition-refused",
    """
A CustomResourceDefinition violates a requirement of the API server: its name is not `<plural>.<group>`, it does not
have exactly one storage version, its schema is not structural, or a validation rule does not compile. The API server
rejects the definition, and with it all its resources.
""",
)

SERVICE_ACCOUNT_MISSING = define(
    "BP5101",
    "service-account-missing",
    """
A workload uses a ServiceAccount that is not among the rendered objects. Its pods cannot be created until that
ServiceAccount exists. In a namespace that the blueprint renders this is an error, elsewhere a warning.
""",
)
CONFIG_MISSING = define(
    "BP5102",
    "config-missing",
    """
A pod mounts or reads a ConfigMap or Secret that is not among the rendered objects and is not marked `optional`. The
pod stays in ContainerCreating until it exists, whether it is created by an operator, by a certificate manager or by
hand. If that is intended, mark it `optional` or declare it as a prerequisite.
""",
    severity=Severity.WARNING,
)
ROLE_MISSING = define(
    "BP5103",
    "role-missing",
    """
A binding refers to a role that is neither among the rendered objects nor built into every cluster. The binding grants
nothing until the role exists. In a namespace that the blueprint renders a missing Role is an error, elsewhere a
warning.
""",
)
NAMESPACE_NOT_RENDERED = define(
    "BP5104",
    "namespace-not-rendered",
    """
The object's namespace is neither among the rendered objects nor present in every cluster, so it must exist before the
first apply.
""",
    severity=Severity.WARNING,
)
SELECTOR_MISMATCH = define(
    "BP5105",
    "selector-mismatch",
    """
The selector of a workload does not match the labels of its pod template. The API server rejects it.
""",
)
VOLUME_MISSING = define(
    "BP5106",
    "volume-missing",
    """
A container mounts a volume that its pod does not define. The API server rejects the pod, and the workload never
starts.
""",
)
SUBJECT_MISSING = define(
    "BP5107",
    "subject-missing",
    """
A binding grants permissions to a ServiceAccount that is not among the rendered objects, although its namespace is.
The permissions have no effect; usually the subject's name or namespace is misspelt.
""",
)
