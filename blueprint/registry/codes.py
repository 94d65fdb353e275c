"""Diagnostic codes for querying image registries (BP4030 to BP4039)."""

from blueprint.diagnostics import Severity, define

IMAGE_MISSING = define(
    "BP4030",
    "image-missing",
    """
The registry does not have the image: pods that need it would never start. The queried registry is the one that nodes
pull from, after `cluster.registries.mirrors`. Copy the image there, or correct the mirror.
""",
)
IMAGE_DIGEST = define(
    "BP4031",
    "image-digest-differs",
    """
The tag exists, but its digest differs from the one that the vendor pins. Either the tag was moved, or a copy kept only
one architecture, which changes the digest: copy all of them (`crane copy`, or `skopeo copy --all`). Nodes would run the
image that the tag now names.
""",
)
IMAGE_REFERENCE = define(
    "BP4032",
    "image-reference-malformed",
    """
The text is not an image reference (`registry/path/name:tag`, with an optional `@sha256:` digest). No node can pull it.
""",
)
REGISTRY_UNREACHABLE = define(
    "BP4033",
    "registry-unreachable",
    """
The registry could not be queried: its name does not resolve, nothing listens at its port, its certificate is not trusted, or it did
not answer in time. Whether its images exist is unknown. A registry
without TLS needs `--insecure-registry HOST`; a private authority's certificate goes into a file that `SSL_CERT_FILE` names.
""",
    severity=Severity.WARNING,
)
REGISTRY_UNAUTHORISED = define(
    "BP4034",
    "registry-unauthorised",
    """
The registry rejected the credentials, or requires some. Many registries return the same for images that do not exist,
so the result is unknown, not missing. Credentials are read from a docker configuration file (`docker login`, `podman
login`, or `--registry-config FILE`) and from the credential helpers that it names (`credsStore`, `credHelpers`); the
message reports helpers that could not be run. Identity tokens are not used.
""",
    severity=Severity.WARNING,
)
REGISTRY_ANSWER = define(
    "BP4035",
    "registry-answer-unusable",
    """
The registry's answer is inconclusive: a server error, a limit of requests, a redirect loop, a redirect to a server without TLS, or a document that is not a manifest. Its images count as unknown. Try again later.
""",
    severity=Severity.WARNING,
)
REGISTRY_CONFIG = define(
    "BP4036",
    "registry-config-unreadable",
    """
The file with registry credentials cannot be read or does not have Docker's format: JSON with `auths`, which maps
registries to `auth` (base64 of user:password) or to `username` and `password`. Its content is never shown.
""",
)
