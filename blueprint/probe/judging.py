"""How a check turns a fact into a verdict: the part that is the same in all of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from blueprint.diagnostics import Code
from blueprint.probe import codes
from blueprint.probe.facts import Fact, Gpu, Node, Status
from blueprint.probe.model import Expectation
from blueprint.probe.nvml_codes import NO_PERMISSION
from blueprint.probe.reading import Reading
from blueprint.probe.verdict import GpuId, Result, Verdict

_AS_ROOT = "run the probe as root: NVML tells this to nobody else"
_IGNORANCE = {
    Status.HUNG: codes.CALL_HUNG,
    Status.CRASHED: codes.CALL_CRASHED,
    Status.IMPLAUSIBLE: codes.ANSWER_IMPLAUSIBLE,
}


@dataclass(frozen=True, slots=True)
class Bench:
    """Where verdicts of one check are made: the reading, the expectation, what is wanted in words."""

    reading: Reading
    expectation: Expectation
    wanted: str = ""

    def passed(self, fact: Fact[object], message: str, *, measured: str, gpu: GpuId | None = None) -> Verdict:
        """The fact is as wanted. A fact that was not read cannot pass: that would be a bug, and raises."""
        if fact.status is not Status.READ or not (fact.evidence or fact.files):
            raise AssertionError(f"{self.expectation.check} would pass without a reading")
        return self._verdict(Result.PASS, message, fact, measured=measured, gpu=gpu)

    def failed(
        self, code: Code, fact: Fact[object], message: str, *, measured: str, gpu: GpuId | None = None, remedy: str = ""
    ) -> Verdict:
        """The fact is not as wanted, and that is proven."""
        return self._verdict(Result.FAIL, message, fact, code=code, measured=measured, gpu=gpu, remedy=remedy)

    def skipped(self, fact: Fact[object], message: str, *, gpu: GpuId | None = None) -> Verdict:
        """The question does not apply."""
        return self._verdict(Result.SKIP, message, fact, gpu=gpu)

    def unknown(
        self, fact: Fact[object], *, gpu: GpuId | None = None, code: Code | None = None, remedy: str = ""
    ) -> Verdict:
        """The fact could not be read; the reason is the fact's own."""
        said = code or _IGNORANCE.get(fact.status, codes.FACT_UNREADABLE)
        denied = any(call.code == NO_PERMISSION for call in fact.evidence)
        return self._verdict(Result.UNKNOWN, fact.why, fact, code=said, gpu=gpu, remedy=_AS_ROOT if denied else remedy)

    def _verdict(
        self,
        result: Result,
        message: str,
        fact: Fact[object],
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
            raw=fact.raw,
            wanted=self.wanted,
            evidence=fact.evidence,
            files=fact.files,
            expectation=self.expectation,
            remedy=remedy,
        )


def each_gpu(bench: Bench, judge: Callable[[Gpu], Verdict]) -> list[Verdict]:
    """One verdict per GPU; *unknown* where no GPU could be looked at: an empty list would read as good."""
    node = Node(bench.reading)
    if gpus := node.gpus:
        return [_reachable(bench, gpu, judge) for gpu in gpus]
    if node.count.status is not Status.READ:
        return [bench.unknown(node.count)]
    why = f"NVML counts {node.count.value} GPUs, and none could be looked at"
    return [bench.unknown(Fact(Status.UNREADABLE, None, why, node.count.evidence))]


def _reachable(bench: Bench, gpu: Gpu, judge: Callable[[Gpu], Verdict]) -> Verdict:
    """The check's verdict, unless NVML did not even give a handle."""
    handle = gpu.handle
    return judge(gpu) if handle.status is Status.READ else bench.unknown(handle, gpu=gpu.id)


def off_on(value: bool) -> str:  # noqa: FBT001 - it is the subject, no flag
    """`on` or `off`."""
    return "on" if value else "off"
