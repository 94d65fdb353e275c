"""Expressions with Kubernetes' functions give the API server's result, or report that they cannot be evaluated."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from blueprint.cel.engine import CompileError, EvaluationError, UnsupportedError, compile_expression

pytest.importorskip("cel_expr_python", reason="the extra cel is not installed")

VALUE = {
    "amount": "5", "numbers": [1, 2, 3], "count": 5, "text": "abc", "map": {"a": 1, "b": 2}, "names": ["x", "y"],
}  # fmt: skip


def evaluate(text: str, value: Any = VALUE, kind: str = "dyn") -> Any:
    return compile_expression(text, (("self", kind),)).evaluate({"self": value})


TRUE = [
    "quantity('1').isLessThan(quantity('2'))",
    "quantity('1Gi').isGreaterThan(quantity('1000M'))",
    "quantity(self.amount).add(1).asInteger() == 6",
    "quantity('3').sub(quantity('1')).compareTo(quantity('2')) == 0",
    "quantity(self.amount) == quantity('5000m')",
    "sign(quantity('-1')) == -1 && quantity('0.5').asApproximateFloat() == 0.5 && !quantity('0.5').isInteger()",
    "!isQuantity('x') && isQuantity('1k')",
    "self.numbers.indexOf(2) == 1 && self.text.indexOf('c') == 2 && self.names.lastIndexOf('y') == 1",
    "self.map.all(k, v, v > 0)",
    "self.map.exists(k, v, v > 1 && k == 'b')",
    "self.numbers.all(i, v, v == i + 1)",
    "self.numbers.existsOne(i, v, v == 1)",
    "self.map.transformList(k, v, k + string(v)) == ['a1', 'b2']",
    "self.map.transformList(k, v, v > 1, k) == ['b']",
    "self.map.transformMap(k, v, v + 1) == {'a': 2, 'b': 3}",
    "self.map.transformMap(k, v, v > 1, v + 1) == {'b': 3}",
    "self.map.transformMapEntry(k, v, {string(v): k}) == {'1': 'a', '2': 'b'}",
    "self.map.all(k, v, self.map.exists(other, w, other == k && w == v))",
    "!format.dns1123Label().validate(self.text).hasValue()",
    "format.dns1123Label().validate('A_').value().size() == 1",
    "self.names.join('-') == 'x-y' && ['a', 'b'].join() == 'ab'",
    "self.text.split('b') == ['a', 'c'] && 'a,b,c'.split(',', 2) == ['a', 'b,c'] && 'ab'.split('') == ['a', 'b']",
    "self.text.substring(1) == 'bc' && self.text.substring(0, 1) == 'a' && self.text.charAt(3) == ''",
    "'ABc'.lowerAscii() == 'abc' && ' a '.trim() == 'a' && 'aa'.replace('a', 'b', 1) == 'ba'",
    "self.text.find('[a-b]+') == 'ab' && self.text.findAll('[a-c]', 2) == ['a', 'b'] && self.text.find('z') == ''",
    "ip('10.0.0.1').family() == 4 && ip('127.0.0.1').isLoopback() && !isIP('::ffff:1.2.3.4')",
    "ip('10.0.0.1').isGlobalUnicast() && ip('169.254.0.1').isLinkLocalUnicast() && ip('0.0.0.0').isUnspecified()",
    "ip.isCanonical('::1') && !ip.isCanonical('::0001') && string(ip('::1')) == '::1'",
    "cidr('10.0.0.0/8').containsIP('10.1.1.1') && cidr('10.0.0.0/8').containsIP(ip('10.1.1.1'))",
    "cidr('10.0.0.0/8').containsCIDR('10.1.0.0/16') && !cidr('10.1.0.0/16').containsCIDR(cidr('10.0.0.0/8'))",
    "string(cidr('10.0.0.5/8').masked()) == '10.0.0.0/8' && cidr('10.0.0.0/8').prefixLength() == 8",
    "url('https://a.b:80/x?y=1').getHost() == 'a.b:80' && url('https://a.b:80/x').getPort() == '80'",
    "url('https://a.b/x?y=1').getQuery()['y'][0] == '1' && url('https://[::1]:80/').getHostname() == '::1'",
    "!isURL('foo') && isURL('/path') && isURL('https://a')",
    "semver('1.2.3').isLessThan(semver('v1.10', true)) && semver('1.2.3-a.1').isLessThan(semver('1.2.3'))",
    "!isSemver('1.02.3') && isSemver('v1.02', true) && semver('1.2.3').minor() == 2",
    "sets.contains(self.numbers, [1]) && sets.equivalent([1, 2], [2, 1, 1]) && !sets.intersects([1], [2])",
    "'%s has %d'.format([self.text, 1]) == 'abc has 1'",
    "self.numbers.sum() == 6 && self.numbers.min() == 1 && self.numbers.max() == 3 && !([3, 1].isSorted())",
    "[3, 1].sort() == [1, 3] && [1, [2]].flatten() == [1, 2] && lists.range(2) == [0, 1]",
    "[1, 2, 1].distinct() == [1, 2] && [1, 2, 3].slice(0, 2) == [1, 2] && [1, 2].reverse() == [2, 1]",
    "self.?missing.orValue(1) == 1 && self.missing == 1 || true",
    "quantity(self.?amount.orValue('1')).asInteger() == 5",
    "cel.bind(x, self.?amount, x.hasValue())",
]  # fmt: skip


@pytest.mark.parametrize("text", TRUE)
def test_an_expression_holds(text: str) -> None:
    assert evaluate(text) is True


@pytest.mark.parametrize(
    "text",
    [
        "nope(self)",
        "foo == 1",
        "self. == 1",
        "1 + 'a'",
        "'a'.reverse()",
        "quantity('1') < quantity('2')",
        "self.all(x)",
    ],
)
def test_what_the_api_server_does_not_compile_is_wrong(text: str) -> None:
    with pytest.raises(CompileError):
        compile_expression(text, (("self", "dyn"),))


@pytest.mark.parametrize(
    ("text", "kind"), [("self > 1", "list(string)"), ("self == 1", "string"), ("self.x", "int"), ("self + 'a'", "bool")]
)
def test_types_are_checked(text: str, kind: str) -> None:
    with pytest.raises((CompileError, UnsupportedError)):
        compile_expression(text, (("self", kind),))


@pytest.mark.parametrize(
    "text",
    ["self.missing", "self.numbers[7]", "self.count / 0", "quantity('x')", "ip('x').family() == 4", "int('x') == 1"],
)
def test_what_fails_in_the_api_server_too_is_an_evaluation_error(text: str) -> None:
    with pytest.raises(EvaluationError):
        evaluate(text)


UNSUPPORTED = [
    "1 < 2.5",  # the library's checker compares no numbers of different types
    "authorizer.path('/')",
    "self.text.find('(a+)+$') == ''",  # takes exponential time in Python
    "self.text.find('(?P<x>a)(?P=x)') == ''",
    "self.numbers.sum() == 6 && [self.?x].size() == 1",
    "sets.contains([optional.of(1)], [1])",  # these two end the process when the library evaluates them
    "{'a': optional.of(1)}.all(k, v, true)",
    "lists.range(9000).all(a, lists.range(9000).all(b, true))",
    "lists.range(100000).size() > 0",
    "self.text == 'a\\0b' && self.text == '\0'",
    "(" * 40 + "true" + ")" * 40,
    "true" + " && true" * 3000,
    "self.numbers.map(x, '%x'.format([x])).size() == 3",
]


@pytest.mark.parametrize("text", UNSUPPORTED)
def test_what_the_library_cannot_do_gives_no_verdict(text: str) -> None:
    with pytest.raises(UnsupportedError):
        evaluate(text)


def test_doubling_a_text_is_bounded() -> None:
    """Each name doubles the previous one."""
    text = "size(a39)"
    for number in range(39, 0, -1):
        text = f"cel.bind(a{number}, a{number - 1} + a{number - 1}, {text})"
    with pytest.raises(UnsupportedError):
        evaluate(text.replace("a0", "self.text"))


def test_without_the_library_nothing_is_known() -> None:
    code = (
        "import sys; sys.modules['cel_expr_python'] = None\n"
        "from blueprint.cel.engine import UnsupportedError, compile_expression\n"
        "try: compile_expression('true', ())\n"
        "except UnsupportedError as error: print(error)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=Path(__file__).resolve().parents[2],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "cel-expr-python is not installed"
