"""Verdicts: the result of a check on one node or GPU, and the factory with which checks make them."""

from __future__ import annotations

import enum
from collections.abc import Callable
from dataclasses import dataclass

from blueprint.diagnostics import Code
from blueprint.probe import codes
from blueprint.probe.expectations import Expectation
from blueprint.probe.host import HostRecord
from blueprint.probe.host_observations import ObservedHost
from blueprint.probe.nvml_codes import NO_PERMISSION
from blueprint.probe.observation import Observation, Status
from blueprint.probe.observations import GpuId, ObservedGpu, ObservedNode
from blueprint.probe.reading import Call, Reading

_AS_ROOT = "run the probe as root: NVML reveals this only to root"
_UNKNOWN = {
    Status.HUNG: codes.CALL_HUNG,
    Status.CRASHED: codes.CALL_CRASHED,
    Status.IMPLAUSIBLE: codes.ANSWER_IMPLAUSIBLE,
}


class Result(enum.StrEnum):
    """The four results. A fact that could not be read is `unknown`, never `pass`.

    `skip` means that the question does not apply (no declared expectation; a mode that this GPU does not support and
    that is expected to be off). It does not affect the exit code, and is counted.
    """

    PASS = "pass"  # noqa: S105 - a verdict, no secret
    FAIL = "fail"
    SKIP = "skip"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Verdict:
    """The result of a check, with its evidence.

    Attributes:
        check: The slug of the check.
        result: The result.
        node: The node's name.
        message: One sentence: what was found, or why nothing could be.
        code: The code of the finding or of the unknown fact; None for `pass` and `skip`.
        gpu: The GPU concerned; None for a fact about the node.
        measured: The measured value in readable form: `80 GiB, ECC off`.
        raw: The measured value as returned by NVML.
        expected: The expected value in readable form.
        evidence: The calls on which the verdict is based.
        files: The files of the node on which it is based.
        expectation: The expectation with its sources; None if there was none.
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
    expected: str = ""
    evidence: tuple[Call, ...] = ()
    files: tuple[HostRecord, ...] = ()
    expectation: Expectation | None = None
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class VerdictFactory:
    """Creates the verdicts of one check on one reading. `expected` is the expectation in words."""

    reading: Reading
    expectation: Expectation
    expected: str = ""

    @property
    def node(self) -> str:
        """The node's name."""
        return self.reading.node

    @property
    def observed_node(self) -> ObservedNode:
        """The facts that the reading's NVML calls prove."""
        return ObservedNode(self.reading)

    @property
    def observed_host(self) -> ObservedHost:
        """The facts that the reading's files prove."""
        return ObservedHost(self.reading)

    def passed(
        self, observation: Observation[object], message: str, *, measured: str, gpu: GpuId | None = None
    ) -> Verdict:
        """The fact is as expected. Raises an error if the fact was not read, because that would be a bug."""
        if observation.status is not Status.READ or not (observation.evidence or observation.files):
            raise AssertionError(f"{self.expectation.check} would pass without a reading")
        return self._verdict(Result.PASS, message, observation, measured=measured, gpu=gpu)

    def failed(
        self,
        code: Code,
        observation: Observation[object],
        message: str,
        *,
        measured: str,
        gpu: GpuId | None = None,
        remedy: str = "",
    ) -> Verdict:
        """The verdict for a fact that is proven not to be as expected."""
        return self._verdict(Result.FAIL, message, observation, code=code, measured=measured, gpu=gpu, remedy=remedy)

    def skipped(self, observation: Observation[object], message: str, *, gpu: GpuId | None = None) -> Verdict:
        """The question does not apply."""
        return self._verdict(Result.SKIP, message, observation, gpu=gpu)

    def unknown(
        self, observation: Observation[object], *, gpu: GpuId | None = None, code: Code | None = None, remedy: str = ""
    ) -> Verdict:
        """The fact could not be read; the reason is the fact's own."""
        cause = code or _UNKNOWN.get(observation.status, codes.FACT_UNREADABLE)
        denied = any(call.code == NO_PERMISSION for call in observation.evidence)
        return self._verdict(
            Result.UNKNOWN, observation.why, observation, code=cause, gpu=gpu, remedy=_AS_ROOT if denied else remedy
        )

    def each_gpu(self, judge: Callable[[ObservedGpu], Verdict]) -> list[Verdict]:
        """One verdict per GPU; *unknown* if no GPU could be examined, because an empty list would look like a
        success.
        """
        node = self.observed_node
        if gpus := node.gpus:
            return [self._reachable(gpu, judge) for gpu in gpus]
        if node.count.status is not Status.READ:
            return [self.unknown(node.count)]
        why = f"NVML counts {node.count.value} GPUs, but none could be examined"
        return [self.unknown(Observation(Status.UNREADABLE, None, why, node.count.evidence))]

    def _reachable(self, gpu: ObservedGpu, judge: Callable[[ObservedGpu], Verdict]) -> Verdict:
        """The check's verdict, unless NVML did not even return a handle."""
        handle = gpu.handle
        return judge(gpu) if handle.status is Status.READ else self.unknown(handle, gpu=gpu.id)

    def _verdict(
        self,
        result: Result,
        message: str,
        observation: Observation[object],
        *,
        code: Code | None = None,
        measured: str = "",
        gpu: GpuId | None = None,
        remedy: str = "",
    ) -> Verdict:
        return Verdict(
            check=self.expectation.check,
            result=result,
            node=self.reading.node,
            message=message,
            code=code,
            gpu=gpu,
            measured=measured,
            raw=observation.raw,
            expected=self.expected,
            evidence=observation.evidence,
            files=observation.files,
            expectation=self.expectation,
            remedy=remedy,
        )
