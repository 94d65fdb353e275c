"""Diagnostic codes for reading, writing and tracing bundles (BP401x, BP402x)."""

from blueprint.diagnostics import Severity, define

BUNDLE_UNREADABLE = define(
    "BP4010",
    "bundle-unreadable",
    """
The folder is not a bundle, or one of its files is missing or is not what `compile` writes. Compile the blueprint again.
""",
)
BUNDLE_FILE_EDITED = define(
    "BP4011",
    "bundle-file-edited",
    """
A file of the bundle does not match the lock: it was edited, added or removed after it was compiled. The bundle is
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
The output folder contains files but is not a bundle, or the path is not a folder. A bundle is written to a new folder,
to an empty one (`.git` in it is ignored), or over an older bundle, whose lock lists its files.
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
The bundle could not be written. The previous content was restored.
""",
)
BUNDLE_HALF_WRITTEN = define(
    "BP4025",
    "bundle-half-written",
    """
A `compile` into this folder was killed while it moved files into place (`.blueprint-new` contains the rest), or is
still running. Such a folder is neither the old bundle nor the new one, so nothing is read from it. Compile again: that
rolls back the unfinished run first.
""",
)
FOREIGN_FILES = define(
    "BP4026",
    "foreign-files-kept",
    """
The bundle's folder also holds files that are not part of the bundle. `compile` removes only what the old bundle's lock lists, so they stay: a README, a kustomization, a repository. Nothing reads them.
""",
    severity=Severity.NOTE,
)
STRAY_MANIFESTS = define(
    "BP4027",
    "stray-manifests",
    """
Below the bundle's `manifests/` there are files that the blueprint does not render. `compile` removes only its own files, but a tool that applies the folder (Argo CD, Flux, `kubectl apply -R`) would apply them, too. `apply` and `drift`
refuse such a bundle (BP4011). Remove them, or name them in `extraManifests`.
""",
    severity=Severity.WARNING,
)
EDITS_REPLACED = define(
    "BP4028",
    "edits-replaced",
    """
Files of the old bundle did not match its lock: they had been edited. `compile` replaced them, or removed those that the
blueprint no longer renders. A bundle is generated; changes that must stay belong in the blueprint.
""",
    severity=Severity.WARNING,
)
IN_THE_WAY = define(
    "BP4029",
    "output-in-the-way",
    """
Something else is at a path that the bundle needs: a file that its lock does not list, a link, or a folder instead of a
file. It is not overwritten, so nothing was written at all.
""",
)
FIELD_ORIGIN = define(
    "BP4020",
    "field-origin",
    """
A result of `blueprint trace`, not a problem: the value of a rendered field, the line of the blueprint or overlay that
sets it, the value that this line replaced, and the template that renders the field.
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
A result of `blueprint trace` for a path of the blueprint: everything that depends on it.
""",
    severity=Severity.NOTE,
)
