"""The kernel is new enough."""

from __future__ import annotations

from blueprint.probe import codes, parameters
from blueprint.probe.checks import check
from blueprint.probe.expectations import Expectation
from blueprint.probe.host_observations import ObservedHost, release_numbers
from blueprint.probe.reading import Reading
from blueprint.probe.verdicts import Verdict, VerdictFactory


@check("kernel", parameters.kernel, if_expected=True)
def kernel(reading: Reading, expectation: Expectation) -> list[Verdict]:
    """The node's kernel is at least as new as what is declared needs: 5.12 for dma-buf.

    `want`: `"5.12"`. What a distribution brought back into an older kernel does not show in its number.
    """
    wanted = parameters.kernel(expectation.want)
    least = ".".join(str(part) for part in wanted)
    verdicts = VerdictFactory(reading, expectation, f"Linux {least} or newer")
    found = ObservedHost(reading).kernel
    if found.value is None:
        return [verdicts.unknown(found)]
    if release_numbers(found.value) >= wanted:
        return [verdicts.passed(found, f"Linux {found.value}", measured=found.value)]
    message = f"{reading.node} runs Linux {found.value}, older than {least}"
    remedy = "use a newer node image, or `gpuDirect: peermem` in the blueprint"
    return [verdicts.failed(codes.KERNEL_OLD, found, message, measured=found.value, remedy=remedy)]
