"""Diagnostic codes of components and their settings (BP32xx, BP33xx)."""

from blueprint.diagnostics import define

UNKNOWN_COMPONENT = define(
    "BP3201",
    "unknown-component",
    """
`spec.components` names a component that does not exist, or that the release does not hold.
""",
)
UNKNOWN_SETTING = define(
    "BP3202",
    "unknown-setting",
    """
The component has no setting of this name. `blueprint explain COMPONENT` lists what can be set; what no setting expresses can
be changed with a patch.
""",
)
SETTING_INVALID = define(
    "BP3203",
    "setting-invalid",
    """
The value of a component's setting has the wrong type, is outside of its bounds, or is none of those allowed.
""",
)
NOT_IN_RELEASE = define(
    "BP3207",
    "not-in-release",
    """
The blueprint asks for something that the release's version of a component cannot do. Each component's folder says for every
version but the newest what it lacks, read from that version's tag upstream; nothing that is asked for is silently left out.
Remove it, or name a later release: `blueprint diff` shows what that changes, also for the nodes.
""",
)
OWNERSHIP_UNSUPPORTED = define(
    "BP3204",
    "ownership-unsupported",
    """
The component cannot be owned in this way.
""",
)
NEED_ABSENT = define(
    "BP3205",
    "need-absent",
    """
A component that is rendered needs another one that is declared absent. It would be installed and never work. Let the other one
be `managed`, or `external` if somebody else installs it.
""",
)
NOT_IN_STACK = define(
    "BP3214",
    "not-in-this-stack",
    """
The component, or the section that it carries out, has no place in the chosen `gpuStack`, so nothing would be made of what is
written here. `clusterPolicy` is the GPU Operator; `standalone` is device plugin, feature discovery and exporter without it.
""",
)
SETTING_UNUSED = define(
    "BP3217",
    "setting-unused",
    """
The setting is about the driver, the container toolkit or the device plugin of the GPU Operator, and no pool leaves that to the
operator. It would change nothing.
""",
)
TOOLKIT_VARIABLE = define(
    "BP3219",
    "toolkit-variable",
    """
The distribution decides this variable of the container toolkit, or breaks with it: on k3s and RKE2 the toolkit must be told the
socket of containerd and nothing else, since `CONTAINERD_CONFIG` makes it write a file that containerd never reads.
""",
)
SETTING_WITHOUT_ITS_SWITCH = define(
    "BP3358",
    "setting-without-its-switch",
    """
The setting belongs to something that another setting switches on, and that is off. It changes nothing, and whoever wrote it
believes that it does.
""",
)
