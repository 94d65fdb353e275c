"""The meaning of NVML's return codes for facts, rather than for programming a GPU.

Numbers and names are those of `nvml.h` (nvmlReturn_t); the classification is this project's.
"""

from __future__ import annotations

import enum

SUCCESS = 0
INVALID_ARGUMENT = 2
NOT_SUPPORTED = 3
NO_PERMISSION = 4
DRIVER_NOT_LOADED = 9
LIBRARY_NOT_FOUND = 12
GPU_IS_LOST = 15
RESET_REQUIRED = 16
LIB_RM_VERSION_MISMATCH = 18

_NAMES = {
    0: "NVML_SUCCESS",
    1: "NVML_ERROR_UNINITIALIZED",
    2: "NVML_ERROR_INVALID_ARGUMENT",
    3: "NVML_ERROR_NOT_SUPPORTED",
    4: "NVML_ERROR_NO_PERMISSION",
    5: "NVML_ERROR_ALREADY_INITIALIZED",
    6: "NVML_ERROR_NOT_FOUND",
    7: "NVML_ERROR_INSUFFICIENT_SIZE",
    8: "NVML_ERROR_INSUFFICIENT_POWER",
    9: "NVML_ERROR_DRIVER_NOT_LOADED",
    10: "NVML_ERROR_TIMEOUT",
    11: "NVML_ERROR_IRQ_ISSUE",
    12: "NVML_ERROR_LIBRARY_NOT_FOUND",
    13: "NVML_ERROR_FUNCTION_NOT_FOUND",
    14: "NVML_ERROR_CORRUPTED_INFOROM",
    15: "NVML_ERROR_GPU_IS_LOST",
    16: "NVML_ERROR_RESET_REQUIRED",
    17: "NVML_ERROR_OPERATING_SYSTEM",
    18: "NVML_ERROR_LIB_RM_VERSION_MISMATCH",
    19: "NVML_ERROR_IN_USE",
    20: "NVML_ERROR_MEMORY",
    21: "NVML_ERROR_NO_DATA",
    22: "NVML_ERROR_VGPU_ECC_NOT_SUPPORTED",
    23: "NVML_ERROR_INSUFFICIENT_RESOURCES",
    24: "NVML_ERROR_FREQ_NOT_SUPPORTED",
    25: "NVML_ERROR_ARGUMENT_VERSION_MISMATCH",
    26: "NVML_ERROR_DEPRECATED",
    27: "NVML_ERROR_NOT_READY",
    28: "NVML_ERROR_GPU_NOT_FOUND",
    29: "NVML_ERROR_INVALID_STATE",
    30: "NVML_ERROR_RESET_TYPE_NOT_SUPPORTED",
    999: "NVML_ERROR_UNKNOWN",
}

_UNSUPPORTED = {NOT_SUPPORTED, 22}
_FAULTS = {8, 11, 14, GPU_IS_LOST, RESET_REQUIRED, LIB_RM_VERSION_MISMATCH}


class Meaning(enum.Enum):
    """The meaning of an NVML result for the requested fact."""

    VALUE = "value"
    UNSUPPORTED = "unsupported"
    UNREADABLE = "unreadable"
    FAULT = "fault"


def name_of(code: int) -> str:
    """The symbol of a return code; `NVML_RETURN_<n>` for one that `nvml.h` does not name."""
    return _NAMES.get(code, f"NVML_RETURN_{code}")


def meaning_of(code: int) -> Meaning:
    """The interpretation of a return code.

    Only "not supported" means that a question does not apply to this GPU. A function that the library lacks, a wrong
    structure version, a missing permission, a timeout: all of them leave the fact *unreadable*. A lost GPU, a required
    reset, errors in interrupts, power or InfoROM, and a library that does not match the kernel module are separate
    faults, whichever call returned them.
    """
    if code == SUCCESS:
        return Meaning.VALUE
    if code in _UNSUPPORTED:
        return Meaning.UNSUPPORTED
    return Meaning.FAULT if code in _FAULTS else Meaning.UNREADABLE
