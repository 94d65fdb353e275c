"""PromQL: what is rejected, what is not checked, and that no input ends the process."""

from __future__ import annotations

import contextlib
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blueprint import promql
from blueprint.promql import NotJudgedError, PromqlError, UnknownFunctionError, Use, read

PIECES = st.sampled_from(
    ["sum", "rate", "by", "(", ")", "{", "}", "[", "]", "5m", "x", "=", "~", '"', "'", "`", "\\", "+", "-", "offset",
     "@", "on", "group_left", "==", "bool", "#", "\n", ",", "1e9", "$x", "\x00", "é", " "]
)  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        "sum(X by (pod)",
        "rate(x)",
        "x{a=b}",
        "x[5m",
        "avg by pod (x)",
        "x >",
        "",
        "x == ",
        'x{a=~"("}',
        "topk(x)",
        "x{a='1'",
    ],
)
def test_what_prometheus_refuses_is_an_error(text: str) -> None:
    with pytest.raises(PromqlError):
        read(text)


@pytest.mark.parametrize(
    "text",
    ["x default 0", "sum(x) keep_metric_names", "rate(x[$__rate_interval])", "x{{ label }}", "rate(x[5m * 2])"],
)
def test_other_dialects_and_templates_are_not_error(text: str) -> None:
    with pytest.raises(NotJudgedError):
        read(text)


def test_a_function_that_nobody_knows_is_named() -> None:
    with pytest.raises(UnknownFunctionError) as caught:
        read("increse(x[5m])")
    assert caught.value.name == "increse"


def test_what_an_expression_reads() -> None:
    found = read('sum by (pod) (rate(a{x="1"}[5m])) / on (pod) max_over_time(b[1h:1m]) > bool 0.5 unless c').uses
    assert found == (Use("a", "rate", ranged=True), Use("b", "", ranged=False), Use("c", "", ranged=False))


@pytest.mark.parametrize(
    "text", ["(" * 9_000, "-" * 9_999 + "x", "+".join("x" * 4_000), "x" * 20_000, "((-(" * 400 + "x"]
)
def test_what_would_exhaust_the_stack_is_not_read(text: str) -> None:
    """The library recurses; without the limits these end the process."""
    code = (
        "import sys; from blueprint.promql import NotJudgedError, read\n"
        "try: read(sys.argv[1])\nexcept NotJudgedError: print('no')"
    )
    done = subprocess.run([sys.executable, "-c", code, text], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "no\n")


@given(st.lists(PIECES, max_size=14).map("".join) | st.text(max_size=12))
def test_everything_is_read_refused_or_left_alone(text: str) -> None:
    with contextlib.suppress(PromqlError, NotJudgedError):
        assert read(text).text == text


def test_without_the_library_nothing_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(promql, "is_available", lambda: False)
    read.cache_clear()
    with pytest.raises(NotJudgedError):
        read("sum(")
    read.cache_clear()
