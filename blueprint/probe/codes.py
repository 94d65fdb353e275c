"""Codes of the probe (BP9xxx).

BP90xx inventory, 91xx software, 92xx modes, 93xx network, 96xx NVLink, 97xx MIG, 99xx the probe itself.
"""

from blueprint.diagnostics import Severity, define

NO_NVML = define(
    "BP9000",
    "nvml-absent",
    """
The blueprint expects GPUs on this node, but NVML, the driver's management library, is not there or says that
no driver is loaded. Nothing can run on the GPUs until it is. Look at the driver pod of this node and its
log, at `lsmod | grep nvidia`, and at whether the nouveau driver holds the device.
""",
)
NVML_UNFOUND = define(
    "BP9001",
    "nvml-not-found",
    """
The kernel has NVIDIA's driver loaded, but the probe did not find its library NVML, or not the devices in `/dev`. With
a driver of the GPU Operator the library is under `/run/nvidia/driver`, on GKE under `/home/kubernetes/bin/nvidia`; the
probe looks there under its `--root`. Give the library with `--library`. Nothing is known of the GPUs until then.
""",
    severity=Severity.WARNING,
)
LIBRARY_MISMATCH = define(
    "BP9010",
    "driver-library-mismatch",
    """
The user-space library and the loaded kernel module are of different driver versions, so NVML refuses to
work. It is what a driver upgrade leaves behind that replaced the files without reloading the module. Drain
the node, then reload the driver or reboot.
""",
)
GPU_COUNT = define(
    "BP9020",
    "gpu-count",
    """
The node has another number of GPUs than the blueprint declares for its pool. If the kernel's PCI list shows
the missing one, the driver does not take it (see its log); if PCI lacks it too, the board, the slot or the
machine type is the cause. If the machine is right, the blueprint's `gpu.count` is wrong.
""",
)
GPU_COUNT_INCONSISTENT = define(
    "BP9021",
    "gpu-count-inconsistent",
    """
NVML contradicts itself: it counts more GPUs than it gives handles for, its count changed during the reading,
or an index meant two different GPUs. A GPU that is falling off the bus looks like this. No number that NVML
gives for this node can be relied on until it is stable.
""",
)
PCI_DISAGREES = define(
    "BP9022",
    "nvml-pci-disagree",
    """
The kernel's PCI list and NVML name different GPUs. A GPU that PCI has and NVML has not is one that the driver
refused or lost; the reverse means that NVML's answers do not come from this machine's devices. GPUs
bound to `vfio-pci` are rightly invisible to NVML and are not counted.
""",
)
GPU_LOST = define(
    "BP9030",
    "gpu-lost",
    """
NVML says that a GPU fell off the bus or cannot be reached. Work on it has died. Drain the node, power-cycle
it, and run the vendor's field diagnostics if it happens again.
""",
)
GPU_FAULT = define(
    "BP9031",
    "gpu-fault",
    """
The driver reports a fault of the GPU itself: interrupts that do not arrive, missing external power, or a
corrupted InfoROM. Check power cables and the kernel log; a corrupted InfoROM is a case for replacement.
""",
)
RESET_REQUIRED = define(
    "BP9032",
    "gpu-reset-required",
    """
The GPU works no further until it is reset. Drain the node, then reset the GPU or reboot.
""",
)
PRODUCT = define(
    "BP9040",
    "gpu-product",
    """
The node carries another GPU product than the blueprint declares. The PCI device id decides where it can be
read, otherwise the complete product name. Either the node is in the wrong pool (label, node group, instance
type), or the blueprint's `gpu.product` is wrong.
""",
)
PRODUCT_CONTRADICTION = define(
    "BP9041",
    "gpu-product-contradiction",
    """
A GPU's name and its PCI device id name different products, or its PCI vendor is not NVIDIA. A virtualised,
intercepted or modified driver answers like this. Neither answer is taken as proof of the product.
""",
)
MEMORY = define(
    "BP9060",
    "gpu-memory",
    """
The GPU's memory, as NVML totals it, is not what this product has. The figure expected is what NVML reports
for a healthy board (81,559 MiB on an "80 GB" H100), not the marketing one. Much less suggests that
the memory is virtualised (vGPU, an interception library); a little less, failing memory or another variant.
""",
)
UUID = define(
    "BP9070",
    "gpu-uuid",
    """
Two GPUs of the node answer with the same UUID, or one answers with none. Whatever identifies GPUs by UUID
(the device plugin, the DRA driver, monitoring) will confuse or drop them.
""",
)
PCI_ADDRESS = define(
    "BP9071",
    "gpu-pci-address",
    """
Two GPUs of the node answer with the same PCI address, or one contradicts itself about its address. The
answers do not describe real devices.
""",
)
DRIVER_VERSION = define(
    "BP9100",
    "driver-version",
    """
The loaded driver is not of the branch or version that the blueprint declares. After a change of `driver`,
nodes keep the old one until their driver pod was replaced and the module reloaded, which needs the GPUs idle.
""",
)
DRIVER_WITNESSES = define(
    "BP9101",
    "driver-witnesses-disagree",
    """
NVML and the loaded kernel module, as `/proc/driver/nvidia/version` shows it, name different driver versions. One of
them is not what it says: an upgrade left the old module loaded under a new library, or NVML is a stand-in or an
interception library. Nothing else that NVML says of this node should be relied on until they agree.
""",
)
MODULE_FLAVOUR = define(
    "BP9110",
    "kernel-module-flavour",
    """
The loaded NVIDIA kernel modules are open where proprietary ones are declared, or the other way round. dma-buf and
GPUDirect Storage need the open ones, and Blackwell GPUs know no others. After a change of `driver.kernelModules` nodes
keep the old modules until the driver pod is replaced, with the GPUs idle.
""",
)
NOUVEAU_LOADED = define(
    "BP9111",
    "nouveau-loaded",
    """
The kernel's own driver, nouveau, is loaded on a node on which the GPU Operator is to install NVIDIA's. Whichever takes
the GPUs first keeps them, and the driver pod fails or waits. Put `blacklist nouveau` into the node image's modprobe
configuration, rebuild its initramfs, and reboot.
""",
)
MODULE_MISSING = define(
    "BP9112",
    "kernel-module-missing",
    """
A kernel module that the pool's `network` asks for is not loaded: nvidia-peermem lets cards reach GPU memory, gdrdrv
carries small copies (GDRCopy), nvidia-fs serves GPUDirect Storage. Without it everything runs, only slower, by way of the
CPU's memory. Look at the driver pod's containers of that name, and at `dmesg` for symbols that do not fit.
""",
)
KERNEL_OLD = define(
    "BP9120",
    "kernel-too-old",
    """
The node runs an older kernel than what is declared for it needs: GPU memory goes through dma-buf from Linux 5.12
on. Use a newer node image, or `gpuDirect: peermem` in the blueprint.
""",
)
SYSTEM_OTHER = define(
    "BP9121",
    "operating-system",
    """
The node runs another operating system than the blueprint declares in `cluster.os`. The GPU Operator takes the driver
image from what the node says, so that another image is pulled than the bundle lists and mirrors. Correct the node
image, or the blueprint.
""",
)
NETWORK_CARDS = define(
    "BP9300",
    "network-cards",
    """
The node has another number of network cards on the pool's fabric than declared. Cards are counted in the kernel's RDMA
class: InfiniBand and RoCE by the link layer of their ports, EFA by its PCI ids; functions of one slot are one
card, virtual functions of a card are none. Fewer: a driver did not take a card (it is still on the PCI bus), or the card is
missing. More: cards for storage or management have the same link layer, and device plugins hand them out as well.
""",
)
NETWORK_PORT = define(
    "BP9301",
    "network-port-down",
    """
A port of a network card on the pool's fabric does not carry traffic: it is not ACTIVE, or its link is not up. `2: INIT`
with the link up means that InfiniBand's subnet manager did not configure it; `1: DOWN` is a cable, a transceiver or a
switch port. Jobs that use all cards hang or fail on this node.
""",
)
PERSISTENCE_MODE = define(
    "BP9200",
    "persistence-mode",
    """
Persistence mode is not as declared. Without it the driver unloads a GPU that nobody uses, and every start
afterwards costs seconds and loses settings. The persistence daemon sets it.
""",
)
ECC_MODE = define(
    "BP9220",
    "ecc-mode",
    """
Error-correcting memory is not as declared. Without it silent corruption of results goes unseen. It is
changed with `nvidia-smi -e`, and takes effect at the next reset of the GPU.
""",
)
ECC_PENDING = define(
    "BP9221",
    "ecc-mode-pending",
    """
The current and the pending ECC mode differ: what is true now will not be true after the next reset of the
GPU, or the other way round. Reset at a time of your choosing, or set the pending mode back.
""",
)
FABRIC = define(
    "BP9630",
    "nvlink-fabric",
    """
A GPU of a pool with an NVLink domain has not joined the fabric: its registration is not started or not completed, it ended
with an error, it names no cluster, or GPUs of one node name different cliques. Jobs that span nodes by NVLink fail on it.
Completed with an error counts as not joined.
""",
)
MIG_MODE = define(
    "BP9700",
    "mig-mode",
    """
MIG mode is not as declared. A GPU in MIG mode offers no whole GPU, and one that is not offers no instances.
The GPU Operator's MIG manager sets it, on GPUs that are idle.
""",
)
MIG_PENDING = define(
    "BP9701",
    "mig-mode-pending",
    """
The current and the pending MIG mode differ: the GPU needs a reset before the mode that was set takes effect.
Usually something still used the GPU when the mode was changed.
""",
)
MIG_LAYOUT = define(
    "BP9710",
    "mig-layout",
    """
The GPU is not cut as any layout of its pool says, or more GPUs are cut so than the layout names. Which GPU has which index is not
compared: any four of eight may be those that are cut. The MIG manager writes how far it came to the node label
`nvidia.com/mig.config.state`; `failed` often means that something used the GPU.
""",
)
CALL_HUNG = define(
    "BP9900",
    "nvml-call-hung",
    """
A call into the driver did not return before its deadline. The process that made it was killed and the reading
went on without that answer, which is therefore *unknown*. A driver that hangs again is wedged: drain the
node and reboot it.
""",
    severity=Severity.WARNING,
)
CALL_CRASHED = define(
    "BP9901",
    "nvml-call-crashed",
    """
The process that made a call into the driver's library died in it. The answer is *unknown*; the reading went
on in a new process. A library that crashes does not fit this driver, or the machine's memory is damaged.
""",
    severity=Severity.WARNING,
)
FACT_UNREADABLE = define(
    "BP9902",
    "fact-unreadable",
    """
A fact that the blueprint makes a claim about could not be read: NVML refused (permission, timeout, a function
that this driver lacks), or the bindings are not installed. It is *unknown*, not good.
""",
    severity=Severity.WARNING,
)
ANSWER_IMPLAUSIBLE = define(
    "BP9903",
    "answer-implausible",
    """
NVML answered with success and something that cannot be true: bytes that are not text, an empty name, zero
bytes of memory, a mode that is neither on nor off, thousands of GPUs, two different answers to one question.
It is not taken for a fact, so what it should have told is *unknown*.
""",
    severity=Severity.WARNING,
)
READING_UNOPENABLE = define(
    "BP9950",
    "reading-unopenable",
    """
The file with a reading or with expectations cannot be opened. Check the path and the permissions.
""",
)
READING_MALFORMED = define(
    "BP9951",
    "reading-malformed",
    """
The file is not a reading: not JSON, too large, or a value of the wrong type; the message names the place.
Readings are written by `blueprint probe -o FILE` and are not meant to be edited.
""",
)
READING_VERSION = define(
    "BP9952",
    "reading-version",
    """
The reading is of a schema version that this tool does not know. Use the version of the tool that wrote it, or
take the reading again.
""",
)
EXPECTATIONS_MALFORMED = define(
    "BP9953",
    "expectations-malformed",
    """
The file is not a list of expectations as `blueprint compile` writes it (`expectations.json`), or was edited
by hand. Compile the bundle again.
""",
)
POOL_UNKNOWN = define(
    "BP9954",
    "probe-pool-unknown",
    """
No node pool of this name has expectations in the bundle. A reading must be judged by the pool its node
belongs to: anything else would prove nothing.
""",
)
EXPECTATION_UNUSABLE = define(
    "BP9955",
    "expectation-unusable",
    """
The bundle expects something that this probe cannot check: a check it does not know, or a parameter that the
check cannot use. Usually the probe on the node is older than the compiler. What was asked is *unknown*.
""",
    severity=Severity.WARNING,
)
OUTPUT_UNWRITABLE = define(
    "BP9956",
    "reading-unwritable",
    """
The reading or the zip application could not be written where it was asked for. Check the folder and the space left.
""",
)
