"""Diagnostic codes of components and their settings (BP32xx, BP33xx)."""

from blueprint.diagnostics import define

UNKNOWN_COMPONENT = define(
    "BP3201",
    "unknown-component",
    """
`spec.components` names a component that does not exist, or that the release does not contain.
""",
)
UNKNOWN_SETTING = define(
    "BP3202",
    "unknown-setting",
    """
The component has no setting of this name. `blueprint explain COMPONENT` lists the settings; anything else can be
changed with a patch.
""",
)
SETTING_INVALID = define(
    "BP3203",
    "setting-invalid",
    """
The value of a component's setting has the wrong type, is out of range, or is not one of the allowed values.
""",
)
NOT_IN_RELEASE = define(
    "BP3207",
    "not-in-release",
    """
The blueprint uses a feature that the release's version of a component does not have. The component's folder lists what
each older version lacks, taken from upstream's tag of that version; nothing is left out silently. Remove it, or use a
later release: `blueprint diff` shows what that changes, including effects on nodes.
""",
)
OWNERSHIP_UNSUPPORTED = define(
    "BP3204",
    "ownership-unsupported",
    """
The component does not support this `ownership`. The help lists the supported values.
""",
)
NEED_ABSENT = define(
    "BP3205",
    "need-absent",
    """
A component that is rendered needs another one that is declared absent. It would be installed but never work. Make the
other one `managed`, or `external` if it is installed by other means.
""",
)
NOT_IN_STACK = define(
    "BP3214",
    "not-in-this-stack",
    """
The component, or the section that it implements, is not part of the GPU stack that `gpuStack` and `allocation` choose, so this would have no effect. `gpuStack: operator` is the GPU Operator; `standalone` is device plugin, feature discovery and exporter without it.
""",
)
SETTING_UNUSED = define(
    "BP3217",
    "setting-unused",
    """
The setting configures the driver, the container toolkit or the device plugin of the GPU Operator, but the operator does
not manage that part in any pool. The setting would have no effect.
""",
)
TOOLKIT_VARIABLE = define(
    "BP3219",
    "toolkit-variable",
    """
The distribution already sets this variable of the container toolkit, or does not work if it is set: on k3s and RKE2 the
toolkit needs only the socket of containerd, since `CONTAINERD_CONFIG` makes it write a file that containerd never
reads.
""",
)
SETTING_WITHOUT_ITS_SWITCH = define(
    "BP3358",
    "setting-without-its-switch",
    """
The setting belongs to a feature that another setting enables, and that setting is off. It has no effect.
""",
)
