"""Diagnostic codes for invalid catalogue files, whether shipped with the tool or added by users (BP39xx)."""

from __future__ import annotations

from blueprint.diagnostics import define

CATALOGUE_INVALID = define(
    "BP3901",
    "catalogue-invalid",
    """
A file of the catalogue does not have the form that the catalogue needs: a key is missing, misspelt or of the wrong
type, or a fact lacks its source. The catalogue consists of the GPU products, the releases and the folders under
`components/`. Nothing is compiled from an invalid catalogue, because a wrong fact would be rendered and later reported
as true. Correct the line that is shown; if you did not change these files, the installation is damaged or this is a
bug.
""",
)

CATALOGUE_NAME = define(
    "BP3902",
    "catalogue-name",
    """
The name in a file of the catalogue differs from the name of the file or folder. Products, releases and components
are found by their file or folder name, so that only what is needed is read; both names must be the same.
Rename the file, or correct the name in it.
""",
)

PRODUCT_EXISTS = define(
    "BP3905",
    "product-exists",
    """
A file that `spec.hardware` names describes a GPU product under a name that is taken: by the catalogue that the tool
ships, or by another of these files. Facts are never merged, since a reader of the blueprint could not tell which were used. Give the product a unique name, for example with your company's suffix.
""",
)

HARDWARE_MATCHES_NOTHING = define(
    "BP3906",
    "hardware-matches-nothing",
    """
A pattern of `spec.hardware` matches no file. Patterns are relative to the blueprint (or overlay) that has them.
""",
)

COMPONENT_CYCLE = define(
    "BP3903",
    "component-cycle",
    """
Components depend on each other in a cycle, so there is no order in which they could be applied. `needs` in
`component.yaml` lists the components that must be running before this one is applied. Remove one of these entries.
""",
)

COMPONENT_VERSION = define(
    "BP3904",
    "component-version",
    """
A release names a version of a component that the component's folder does not describe. `component.yaml` describes the
newest version; every older one that a release installs has a file `versions/VERSION.yaml` beside it with the keys in which it differs. Add that file, from upstream's tag of that version, or correct the release.
""",
)
