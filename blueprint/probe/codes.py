"""Diagnostic codes of the probe itself (BP99xx); those of its checks are in the checks' files.

BP90xx inventory, 91xx software, 92xx modes, 93xx network, 96xx NVLink, 97xx MIG.
"""

from blueprint.diagnostics import Severity, define

CALL_HUNG = define(
    "BP9900",
    "nvml-call-hung",
    """
A call into the driver did not return before its deadline. The calling process was killed and the reading continued
without that value, which is therefore *unknown*. If the driver hangs again, drain the node and reboot it.
""",
    severity=Severity.WARNING,
)
CALL_CRASHED = define(
    "BP9901",
    "nvml-call-crashed",
    """
The process crashed during a call into the driver's library. The value is *unknown*; the reading continued in a new
process. Either the library does not match the driver, or the machine's memory is faulty.
""",
    severity=Severity.WARNING,
)
FACT_UNREADABLE = define(
    "BP9902",
    "fact-unreadable",
    """
A value that the blueprint declares could not be read: NVML refused (permission, timeout, a function that this driver
lacks), or the bindings are not installed. It counts as *unknown*, not as correct.
""",
    severity=Severity.WARNING,
)
ANSWER_IMPLAUSIBLE = define(
    "BP9903",
    "answer-implausible",
    """
NVML reported success, but an impossible value: bytes that are not text, an empty name, zero bytes of memory, a mode
that is neither on nor off, thousands of GPUs, two different results of one call. The value is not used and counts as
*unknown*.
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
No node pool of this name has expectations in the bundle. A reading must be checked against the pool of its node:
another pool's expectations would prove nothing.
""",
)
EXPECTATION_UNUSABLE = define(
    "BP9955",
    "expectation-unusable",
    """
The bundle expects something that this probe cannot check: an unknown check, or a parameter that the check cannot use.
Usually the probe on the node is older than the compiler. The expectation is *unknown*.
""",
    severity=Severity.WARNING,
)
OUTPUT_UNWRITABLE = define(
    "BP9956",
    "reading-unwritable",
    """
The reading or the zip application could not be written to the given path. Check the folder and the free space.
""",
)

UNKNOWN = frozenset({CALL_HUNG, CALL_CRASHED, FACT_UNREADABLE, ANSWER_IMPLAUSIBLE, EXPECTATION_UNUSABLE})
"""The codes of unknown verdicts that only state that something could not be read or used."""
