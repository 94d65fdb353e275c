"""The check type: its slug, its parameters, the calls and files that it needs, and the function that evaluates a
reading.

The compiler imports checks for their declarations. Modules that are needed for evaluation are imported only when a
check runs: the `VerdictFactory` that it receives provides them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeAlias, TypeVar

from blueprint.probe.expectations import Expectation, ExpectationSource
from blueprint.probe.host_files import HostFile
from blueprint.probe.nvml_calls import DeviceCall, SystemCall
from blueprint.probe.parameters import Codec

if TYPE_CHECKING:
    from blueprint.probe.reading import Reading
    from blueprint.probe.verdicts import Verdict, VerdictFactory

P = TypeVar("P")
Read: TypeAlias = DeviceCall[Any] | SystemCall[Any] | HostFile[Any]
"""Something that a check needs in a reading."""


class UnusableParametersError(Exception):
    """The parameters of an expectation do not match its check."""


class Check(NamedTuple, Generic[P]):
    """A check of a declaration: evaluates a reading with the parameters of an expectation.

    Attributes:
        slug: Its name in expectations and reports.
        parameters: The JSON codec of its parameters.
        expects: Returns the parameters in words, for reports.
        judge: Returns the verdicts on one reading.
        reads: Calls and files that it needs in a reading, in addition to those that every reading has.
        only_if_expected: Whether reports omit the check if nothing is expected. This is the case for facts that no
            reading
            can contain yet, and for features that most nodes do not have.
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
        """The verdicts on a reading. Raises UnusableParametersError if the expectation's parameters are invalid."""
        from blueprint.probe.verdicts import VerdictFactory

        try:
            parameters = self.parameters.decode(expectation.parameters)
        except ValueError as error:
            raise UnusableParametersError(str(error)) from None
        return self.judge(VerdictFactory(reading, expectation, self.expects(parameters)), parameters)


class Invariant(NamedTuple):
    """A check that applies to every node and needs no expectation.

    The expectation in its verdicts has no parameters; it contains the line to which findings refer, which is the one
    that declares GPUs.
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
    """Convert the decorated function to a check."""
    return lambda judge: Check(slug, parameters, expects, judge, reads, only_if_expected)


def invariant(
    slug: str, *, expects: str, reads: tuple[Read, ...] = ()
) -> Callable[[Callable[[VerdictFactory], list[Verdict]]], Invariant]:
    """Convert the decorated function to an invariant."""
    return lambda judge: Invariant(slug, expects, judge, reads)
