"""Diagnostic codes for reaching an API server: kubeconfig, credentials, connection, rejected requests (BP7001-7010,
7012).
"""

from blueprint.diagnostics import define

NO_KUBECONFIG = define(
    "BP7001",
    "no-kubeconfig",
    """
No kubeconfig was found, so there is no cluster to connect to. It is looked up in this order: `--kubeconfig`,
the files named by `KUBECONFIG`, `~/.kube/config`, and, inside a pod, its service account. Name one of them.
""",
)
KUBECONFIG_UNREADABLE = define(
    "BP7002",
    "kubeconfig-unreadable",
    """
A kubeconfig, or a file that it names (certificate, key, token), cannot be read. The message contains the file and the
error of the operating system. Paths inside a kubeconfig are relative to its folder.
""",
)
KUBECONFIG_MALFORMED = define(
    "BP7003",
    "kubeconfig-malformed",
    """
The file is not a usable kubeconfig: it is not YAML, or `clusters`, `contexts` and `users` do not have the form
that every Kubernetes client expects, or a certificate in it is damaged. The message names the part.
""",
)
UNKNOWN_CONTEXT = define(
    "BP7004",
    "unknown-context",
    """
The requested context, or the cluster or user that it refers to, is not in the kubeconfig. Nothing was
contacted. The help lists the available names, with the closest match first.
""",
)
UNREACHABLE = define(
    "BP7005",
    "cluster-unreachable",
    """
The API server did not answer: its name does not resolve, nothing listens at the port, or a reply did not come within
`--timeout`. The state of the cluster is unknown, so nothing is reported about it. Check the address in the kubeconfig,
the network (VPN, proxy), and that the control plane is running.
""",
)
TLS_FAILED = define(
    "BP7006",
    "tls-failed",
    """
A TLS connection to the API server could not be made: its certificate is not signed by the authority in the kubeconfig,
is for another name, or has expired; or the server refused our client certificate. A response from an unverified server
cannot be trusted, so nothing was read.
""",
)
NOT_AUTHENTICATED = define(
    "BP7007",
    "not-authenticated",
    """
The API server answered 401: it does not accept the credentials of this context. The message names the kind that was
sent (token, client certificate, password, none) and, if known, when it expired. Renew them.
""",
)
NOT_KUBERNETES = define(
    "BP7008",
    "not-kubernetes",
    """
A server responded at the address in the kubeconfig, but it is not a Kubernetes API server: it is a login page, a proxy,
or another service that speaks plain HTTP. Check `server:` of this cluster.
""",
)
CREDENTIALS_FAILED = define(
    "BP7009",
    "credentials-failed",
    """
The credential plugin or identity provider in the kubeconfig returned no credentials. Run the plugin by hand: usually a
new login is required.
""",
)
FORBIDDEN = define(
    "BP7010",
    "forbidden",
    """
The API server answered 403: this user lacks a permission, so that part could not be examined or written. It counts as
unknown, never as clean. The message names the verb and the resource that a role must allow.
""",
)
SERVER_FAILING = define(
    "BP7012",
    "server-failing",
    """
The API server, or an admission webhook behind it, kept failing (429, 500, 503, timeouts) for as long as
`--timeout` allows. The cause is in the cluster, not in the blueprint; run the same command again later.
""",
)
