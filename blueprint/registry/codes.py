"""Codes of asking image registries (BP4030 to BP4039)."""

from blueprint.diagnostics import Severity, define

IMAGE_MISSING = define(
    "BP4030",
    "image-missing",
    """
The registry says that it has no such image: nodes that pull it would wait for ever. The registry asked is the one that
nodes will ask, after `cluster.registries.mirrors`. Copy the image there, or correct the mirror.
""",
)
IMAGE_DIGEST = define(
    "BP4031",
    "image-digest-differs",
    """
The tag exists and names other content than the digest that its vendor pins. Either somebody moved the tag or put another
image there, or a copy kept one architecture only, which changes the digest: copy all of them (`crane copy`, or
`skopeo copy --all`). Nodes would run what the tag names.
""",
)
IMAGE_REFERENCE = define(
    "BP4032",
    "image-reference-malformed",
    """
The text is no reference to an image: `registry/path/name:tag`, with an optional `@sha256:` digest. No node can pull it.
""",
)
REGISTRY_UNREACHABLE = define(
    "BP4033",
    "registry-unreachable",
    """
The registry could not be asked: its name does not resolve, nobody listens there, its certificate is not trusted, or it did
not answer in time. Nothing is known about its images, so they count as unknown and never as there. A registry
without TLS needs `--insecure-registry HOST`; a private authority's certificate goes into a file that `SSL_CERT_FILE` names.
""",
    severity=Severity.WARNING,
)
REGISTRY_UNAUTHORISED = define(
    "BP4034",
    "registry-unauthorised",
    """
The registry does not say anything without other credentials. Many registries answer so for images that do not exist, too,
hence this is unknown, not missing. Credentials are read from a docker configuration file (`docker login`, `podman login`, or
`--registry-config FILE`) and from the credential helpers that it names (`credsStore`, `credHelpers`); the message
says where a helper could not be run. Identity tokens are not used.
""",
    severity=Severity.WARNING,
)
REGISTRY_ANSWER = define(
    "BP4035",
    "registry-answer-unusable",
    """
The registry answered with something that decides nothing: a server error, a limit of requests, redirects without an end or to a
place without TLS, or a document that is no manifest. Its images count as unknown. Ask again later.
""",
    severity=Severity.WARNING,
)
REGISTRY_CONFIG = define(
    "BP4036",
    "registry-config-unreadable",
    """
The file with registry credentials cannot be read or is not of docker's form: JSON with `auths`, which maps registries to
`auth` (base64 of user:password) or to `username` and `password`. Its content is never shown.
""",
)
