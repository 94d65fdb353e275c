"""Diagnostic codes for rendering and for bundles (BP4xxx)."""

from blueprint.diagnostics import Severity, define

PATCH_MATCHES_NOTHING = define(
    "BP4001",
    "patch-matches-nothing",
    """
A patch names an object that its component does not render, so it would change nothing. The help lists what the component
renders of that kind.
""",
)
PATCH_AMBIGUOUS = define(
    "BP4002",
    "patch-ambiguous",
    """
A patch's target matches several objects. Select one with `namespace`.
""",
)
PATCH_IDENTITY = define(
    "BP4003",
    "patch-changes-identity",
    """
A patch changes apiVersion, kind, name or namespace. That would create another object instead of changing this one.
""",
)
EXTRA_MATCHES_NOTHING = define(
    "BP4004",
    "extra-manifests-match-nothing",
    """
A pattern of `extraManifests` matches no file. Patterns are relative to the blueprint (or overlay) that has them.
""",
)
PATCH_WITHOUT_EFFECT = define(
    "BP4006",
    "patch-without-effect",
    """
The object has the same content without the patch. Often a new release already contains the change; then the patch only
hides the origin of the value. Remove it.
""",
    severity=Severity.WARNING,
)
PATCHES_DISAGREE = define(
    "BP4007",
    "patches-disagree",
    """
Two patches of one component give the same field different values. The later one would win silently, and the reason given for the earlier one would be wrong. Keep one of them.
""",
)
NOT_AN_OBJECT = define(
    "BP4005",
    "not-an-object",
    """
A document of `extraManifests` is not a Kubernetes object: it lacks apiVersion, kind or metadata.name, or one of them is not
text. Lists of objects (`kind: List`) must be written as separate documents.
""",
)
