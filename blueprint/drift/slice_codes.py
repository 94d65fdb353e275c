"""Diagnostic codes of scope `derived` (BP8084, BP8090 to BP8099): what DRA drivers publish, compared with the
prediction.
"""

from blueprint.diagnostics import Severity, define

SLICES_UNSEEN = define(
    "BP8084",
    "slices-unseen",
    """
The ResourceSlices of the nodes could not be examined, so it is unknown what DRA drivers publish there: they may not be listed, the
nodes are unknown, or the driver's pods are not ready yet. `list` of `resourceslices` (resource.k8s.io), `nodes` and `daemonsets` (apps) suffices.
""",
    severity=Severity.WARNING,
)
DEVICE_NOT_PREDICTED = define(
    "BP8090",
    "device-not-predicted",
    """
A DRA driver publishes a device that the pool does not have according to the blueprint: another MIG layout, more GPUs,
another kind of device. Pods may be given a device that does not exist, or one that others rely on. Examine the node
with `blueprint probe`, then restart the driver's pod there; or declare what the node has.
""",
)
DEVICE_MISSING = define(
    "BP8091",
    "device-missing",
    """
A device that the pool's nodes have is not published: a GPU was lost, is partitioned in another way, or was removed
before the driver started. The driver publishes what it finds when it starts, and omits a GPU in MIG mode without
instances.
""",
)
DEVICE_VALUE = define(
    "BP8092",
    "device-value",
    """
An attribute, a capacity or a counter of a published device is not what the blueprint and the catalogue say, beyond the
tolerance of the prediction: another product, another driver version, other memory. Selectors that were checked against
the prediction may match other devices. Values are in `resource-slices.yaml` of the bundle.
""",
)
DEVICE_TAINTED = define(
    "BP8093",
    "device-tainted",
    """
A published device has a taint that keeps pods away from it, or evicts them. The DRA driver taints devices that fail its health check and removes the taint only
when its pod restarts; a taint with another key was written by hand or by another program.
""",
)
SLICES_MISSING = define(
    "BP8094",
    "slices-missing",
    """
A node of the pool has no ResourceSlice of the driver, although the driver's pods are ready: no claim is allocated there. Look at the log of the driver's pod on
the node; a slice beyond the limits of the API is refused and not published.
""",
)
SLICES_INCOMPLETE = define(
    "BP8095",
    "slices-incomplete",
    """
The slices of a node do not form one complete pool: slices are missing, of several generations, or in a pool without the
node's name. The scheduler skips an incomplete pool. This ends by itself if the driver is still publishing; otherwise
the driver stopped in between.
""",
)
SLICES_UNEXPECTED = define(
    "BP8096",
    "slices-unexpected",
    """
A DRA driver publishes devices of a node on which the blueprint expects none: the node belongs to no pool, is not in the
cluster, or is in a pool whose GPUs a device plugin counts. In the last case the scheduler allocates the same GPU twice.
""",
)
GPUS_OF_ANOTHER_DRIVER = define(
    "BP8097",
    "gpus-of-another-driver",
    """
Another DRA driver publishes GPUs of the pool's nodes. The scheduler does not know that both devices are the same GPU,
and allocates it twice. Remove one of the drivers.
""",
)
DEVICE_VALUE_UNVERIFIED = define(
    "BP8098",
    "device-value-unverified",
    """
A published device is not as predicted, and the prediction rests on facts that are not verified. It is not drift and does not change the exit code. If the value is right, correct the
product in the catalogue, or in a file of your own.
""",
    severity=Severity.WARNING,
)
DEVICE_REMARK = define(
    "BP8099",
    "device-remark",
    """
A published device has a taint without effect on scheduling: the driver reports an error of an application, or that it
does not monitor the device's health. It is not drift and does not change the exit code.
""",
    severity=Severity.WARNING,
)
