"""What a check is: its slug, its parameters, the calls and files it needs, and the function that judges.

The compiler imports checks for what they declare. What judging needs is imported when a check judges: the
`VerdictFactory` that it is given has it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeAlias, TypeVar

from blueprint.probe.expectations import Expectation, ExpectationSource
from blueprint.probe.host_files import HostFile
from blueprint.probe.nvml_calls import DeviceCall, SystemCall
from blueprint.probe.parameters import Codec

if TYPE_CHECKING:
    from blueprint.probe.reading import Reading
    from blueprint.probe.verdicts import Verdict, VerdictFactory

P = TypeVar("P")
Read: TypeAlias = DeviceCall[Any] | SystemCall[Any] | HostFile[Any]
"""Something that a check wants to be in a reading."""


class UnusableParametersError(Exception):
    """The parameters of an expectation are not those of its check."""


@dataclass(frozen=True, slots=True)
class Check(Generic[P]):
    """A check of what is declared: judges a reading by the parameters of an expectation.

    Attributes:
        slug: Its name in expectations and reports.
        parameters: The JSON form of its parameters.
        expects: The parameters in words, for reports.
        judge: Gives the verdicts on one reading.
        reads: Calls and files that it needs in a reading, beside those that every reading has.
        only_if_expected: Where nothing is expected, a report does not mention that this was not checked. So it is
            with what no reading can show yet, and with what most nodes do not have.
    """

    slug: str
    parameters: Codec[P]
    expects: Callable[[P], str]
    judge: Callable[[VerdictFactory, P], list[Verdict]]
    reads: tuple[Read, ...] = ()
    only_if_expected: bool = False

    def expectation(self, pool: str, parameters: P, sources: Sequence[ExpectationSource]) -> Expectation:
        """The expectation that every node of a pool passes this check."""
        return Expectation(pool, self.slug, self.parameters.encode(parameters), tuple(sources))

    def verdicts(self, reading: Reading, expectation: Expectation) -> list[Verdict]:
        """The verdicts on a reading. Raises UnusableParametersError if the expectation's parameters are none of it."""
        from blueprint.probe.verdicts import VerdictFactory

        try:
            parameters = self.parameters.decode(expectation.parameters)
        except ValueError as error:
            raise UnusableParametersError(str(error)) from None
        return self.judge(VerdictFactory(reading, expectation, self.expects(parameters)), parameters)


@dataclass(frozen=True, slots=True)
class Invariant:
    """A check of what must be true on every node: it needs no expectation.

    The expectation in its verdicts has no parameters: it names the line to blame, the one that declares GPUs.
    """

    slug: str
    expects: str
    judge: Callable[[VerdictFactory], list[Verdict]]
    reads: tuple[Read, ...] = ()

    def verdicts(self, reading: Reading, expectation: Expectation) -> list[Verdict]:
        """The verdicts on a reading."""
        from blueprint.probe.verdicts import VerdictFactory

        return self.judge(VerdictFactory(reading, expectation, self.expects))


def check(
    slug: str,
    parameters: Codec[P],
    *,
    expects: Callable[[P], str],
    reads: tuple[Read, ...] = (),
    only_if_expected: bool = False,
) -> Callable[[Callable[[VerdictFactory, P], list[Verdict]]], Check[P]]:
    """Make a check of the decorated function."""
    return lambda judge: Check(slug, parameters, expects, judge, reads, only_if_expected)


def invariant(
    slug: str, *, expects: str, reads: tuple[Read, ...] = ()
) -> Callable[[Callable[[VerdictFactory], list[Verdict]]], Invariant]:
    """Make an invariant of the decorated function."""
    return lambda judge: Invariant(slug, expects, judge, reads)
