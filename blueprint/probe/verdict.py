"""What a check says about one fact of one node or GPU."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from blueprint.diagnostics import Code
from blueprint.probe.host import HostAnswer
from blueprint.probe.model import Expectation
from blueprint.probe.reading import Call


class Result(enum.StrEnum):
    """The four outcomes. A fact that could not be read is `unknown`, never `pass`.

    `skip` means that the question does not apply (no expectation declared; a mode this GPU does not have
    and that is not asked for); it leaves the exit code alone and is counted.
    """

    PASS = "pass"  # noqa: S105 - a verdict, no secret
    FAIL = "fail"
    SKIP = "skip"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class GpuId:
    """Which GPU, by UUID and PCI address. Where neither could be read, `index` is all that is known of it.

    `eliminated`: the address was not read; it is the only one in the kernel's list that no other GPU has.
    """

    uuid: str
    pci: str
    index: int
    eliminated: bool = False

    def __str__(self) -> str:
        if self.eliminated:
            return f"the GPU at {self.pci} (by elimination: index {self.index} gave no identity)"
        known = [part for part in (self.uuid, self.pci) if part]
        return " at ".join(known) if known else f"the GPU at index {self.index} (identity unread)"


@dataclass(frozen=True, slots=True)
class Verdict:
    """One judgement with everything needed to argue about it.

    Attributes:
        check: The slug of the check.
        result: Its outcome.
        node: The node's name.
        message: One sentence: what was found, or why nothing could be.
        code: The kind of finding or of ignorance; None for `pass` and `skip`.
        gpu: The GPU concerned; None for a fact of the node.
        measured: What was measured, for people: `80 GiB, ECC off`.
        raw: The measured value as NVML gave it.
        wanted: What was expected, for people.
        evidence: The calls that the verdict rests on.
        files: The files of the node that it rests on.
        expectation: What was expected and who demanded it; None where nothing was.
        remedy: What to do about it, in a sentence.
    """

    check: str
    result: Result
    node: str
    message: str
    code: Code | None = None
    gpu: GpuId | None = None
    measured: str = ""
    raw: str = ""
    wanted: str = ""
    evidence: tuple[Call, ...] = ()
    files: tuple[HostAnswer, ...] = ()
    expectation: Expectation | None = None
    remedy: str = ""
