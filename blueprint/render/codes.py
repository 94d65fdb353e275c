"""Codes of rendering and of bundles (BP4xxx)."""

from blueprint.diagnostics import Severity, define
from blueprint.render import effect_codes

__all__ = ["effect_codes"]

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
A patch's target matches several objects. Say which one with `namespace`.
""",
)
PATCH_IDENTITY = define(
    "BP4003",
    "patch-changes-identity",
    """
A patch changes apiVersion, kind, name or namespace. That would not change the object, but make another one in its place.
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
The object is as the patch wants it without the patch. Often a new release has taken over what the patch once added; then the
patch only hides where the value comes from. Remove it.
""",
    severity=Severity.WARNING,
)
PATCHES_DISAGREE = define(
    "BP4007",
    "patches-disagree",
    """
Two patches of one component give the same field different values. The later one would win silently, and the reason of the earlier
would be a lie. Keep one of them.
""",
)
NOT_AN_OBJECT = define(
    "BP4005",
    "not-an-object",
    """
A document of `extraManifests` is no Kubernetes object: it lacks apiVersion, kind or metadata.name, or one of them is not
text. Lists of objects (`kind: List`) must be written as separate documents.
""",
)
BUNDLE_UNREADABLE = define(
    "BP4010",
    "bundle-unreadable",
    """
The folder is no bundle, or one of its files is missing or is not what `compile` writes. Compile the blueprint again.
""",
)
BUNDLE_FILE_EDITED = define(
    "BP4011",
    "bundle-file-edited",
    """
A file of the bundle is not what the lock says it is: it was edited, added or removed after it was compiled. The bundle is
generated; edit the blueprint, or add a patch with a reason, and compile again.
""",
)
BUNDLE_LOCK_EDITED = define(
    "BP4012",
    "bundle-lock-edited",
    """
`blueprint.lock` does not match its own digest: it was edited after it was compiled. Compile the blueprint again.
""",
)
OUTPUT_NOT_A_BUNDLE = define(
    "BP4013",
    "output-not-a-bundle",
    """
The output folder holds files and is no bundle, or what is named is no folder at all. A bundle is put into a new folder, into
an empty one (`.git` beside it does not count), or in the place of an older bundle, whose lock says which files were its own.
""",
)
OUTPUT_DIFFERS = define(
    "BP4014",
    "output-differs",
    """
`compile --check` compared the folder with what would be written, and they differ. Compile the blueprint and commit the
result.
""",
)
OUTPUT_UNWRITABLE = define(
    "BP4015",
    "output-unwritable",
    """
The bundle could not be written. What was there before is there again.
""",
)
BUNDLE_HALF_WRITTEN = define(
    "BP4025",
    "bundle-half-written",
    """
A `compile` into this folder was killed while it put files in place (`.blueprint-new` holds the rest), or is still at it. Such a
folder is neither the old bundle nor the new one, so nothing is read from it. Compile again: that first takes back what was
half done.
""",
)
FOREIGN_FILES = define(
    "BP4026",
    "foreign-files-kept",
    """
The bundle's folder also holds what is no part of the bundle. `compile` removes only what the old bundle's lock lists, so that
stays: a README, a kustomization, a repository. Nothing reads it.
""",
    severity=Severity.NOTE,
)
STRAY_MANIFESTS = define(
    "BP4027",
    "stray-manifests",
    """
Below the bundle's `manifests/` there are files that the blueprint does not render. `compile` does not remove what is not its
own, but a tool that applies the folder (Argo CD, Flux, `kubectl apply -R`) would apply them, too. `apply` and `drift`
refuse such a bundle (BP4011). Remove them, or name them in `extraManifests`.
""",
    severity=Severity.WARNING,
)
EDITS_REPLACED = define(
    "BP4028",
    "edits-replaced",
    """
Files of the old bundle were not as its lock said: somebody had edited them. `compile` replaced them, or removed those that the
blueprint does not render any more. A bundle is generated; what must stay belongs into the blueprint.
""",
    severity=Severity.WARNING,
)
IN_THE_WAY = define(
    "BP4029",
    "output-in-the-way",
    """
Where the bundle has a file or a folder there is something that is not the bundle's: a file that its lock does not list, a link,
a folder in place of a file. It is not overwritten, so nothing was written at all.
""",
)
FIELD_ORIGIN = define(
    "BP4020",
    "field-origin",
    """
An answer of `blueprint trace`, not a problem: the value of a rendered field, the line of the blueprint or overlay that gave it,
what that line replaced, and the template that put it there.
""",
    severity=Severity.NOTE,
)
NOT_RENDERED = define(
    "BP4021",
    "not-rendered",
    """
The bundle has no such object, or the object no such field. Objects are named KIND/[NAMESPACE/]NAME and fields like
`spec.template.spec.containers[name=gpu-operator].image`.
""",
)
LINE_USE = define(
    "BP4022",
    "line-use",
    """
An answer of `blueprint trace` for a path of the blueprint: everything that is decided by it.
""",
    severity=Severity.NOTE,
)
