"""PromQL expressions in rules and dashboards: whether they can be parsed, and what they read."""

from __future__ import annotations

from blueprint import promql
from blueprint.check.common.misspelling import misspelt
from blueprint.check.rule_context import RuleContext
from blueprint.diagnostics import Severity, define

UNREADABLE = define("BP6570", "expression-unreadable", page=__file__)
_FUNCTIONS = (
    "abs", "absent", "absent_over_time", "avg_over_time", "ceil", "changes", "clamp", "clamp_max", "clamp_min",
    "count_over_time", "day_of_month", "day_of_week", "delta", "deriv", "exp", "floor", "histogram_quantile", "hour",
    "idelta", "increase", "irate", "label_join", "label_replace", "last_over_time", "max_over_time", "min_over_time",
    "predict_linear", "present_over_time", "quantile_over_time", "rate", "resets", "round", "scalar", "sort",
    "sort_desc", "stddev_over_time", "sum_over_time", "time", "timestamp", "vector",
)  # fmt: skip
"""Common functions, for suggestions."""


def fault(text: str, context: RuleContext) -> tuple[str, str | None, Severity | None] | None:
    """The error in an expression: the message, the probable intention, and the severity; None if it is valid."""
    try:
        promql.read(text)
    except promql.PromqlError as error:
        return error.text, None, None
    except promql.UnknownFunctionError as error:
        near = misspelt(error.name, _FUNCTIONS)
        return (str(error), f"did you mean {near}?", Severity.WARNING) if near else None
    except promql.TooLongError as error:
        context.omit(str(error))
    except promql.NotJudgedError:
        pass
    return None


def uses(text: object, context: RuleContext) -> tuple[promql.Use, ...]:
    """All selectors of an expression; empty if it cannot be parsed."""
    try:
        return promql.read(text).uses if isinstance(text, str) else ()
    except promql.TooLongError as error:
        context.omit(str(error))
    except (promql.PromqlError, promql.NotJudgedError):
        pass
    return ()
