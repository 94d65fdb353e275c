"""Random selectors whose cost Kubernetes' own package estimates. Run as a program, the module prints them.

They cover every kind of value that a selector reads, functions of it, and nested loops. To make the answers again:

    cd tests/cel/oracle && go build -o /tmp/oracle . && cd ../../..
    export PYTHONPATH=.
    python tests/cel/cost_questions.py | /tmp/oracle | python tests/cel/cost_questions.py --costs \
        > tests/cel/cost_answers.jsonl
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from random import Random

from tests.cel.device_questions import DEVICES, DRIVER

SEED, NUMBER = 14, 600
DOMAINS = (DRIVER, "resource.kubernetes.io", "x.y")
NAMES = ("type", "productName", "minor", "healthy", "driverVersion", "missing")
TEXTS = (
    "''",
    "'gpu'",
    "'NVIDIA H100 80GB HBM3'",
    "'1g.10gb'",
    "'a-very-long-name-that-no-device-ever-had-in-this-world'",
)
_DEEPEST = 3
_LONGEST = 500
"""Characters, so that the answers stay readable."""


class Maker:
    """Generates expressions of a type, different ones with each call."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)  # noqa: S311 - not a secret
        self.variables: list[tuple[str, str]] = []
        self.kinds: dict[str, list[Callable[[int], str]]] = {
            "bool": [
                self._compared, self._compared, self._joined, self._choice, self._negated, self._guarded, self._loop,
                self._loop, self._tested, self._flag, self._version, self._quantity, self._in, self._bound,
                self._optional, self._two,
            ],
            "string": [self._text, self._text, self._read, self._read, self._changed, self._sum, self._key],
            "int": [self._number, self._read, self._size, self._arithmetic, self._count],
        }  # fmt: skip

    def make(self, kind: str, depth: int = 0) -> str:
        """An expression of the kind."""
        makers = self.kinds[kind]
        simple = {"bool": self._flag, "string": self._text, "int": self._number}[kind]
        return simple(depth) if depth > _DEEPEST else self.random.choice(makers)(depth + 1)

    def _pick(self, *options: str) -> str:
        return self.random.choice(options)

    def _map(self) -> str:
        field = self._pick("attributes", "attributes", "capacity")
        return f"device.{field}['{self._pick(*DOMAINS)}']"

    def _attribute(self) -> str:
        inner = f"device.attributes['{self._pick(*DOMAINS)}']"
        name = self._pick(*NAMES)
        return self._pick(f"{inner}.{name}", f"{inner}['{name}']")

    def _read(self, _: int) -> str:
        return self._attribute()

    def _key(self, depth: int) -> str:
        names = [name for name, kind in self.variables if kind == "string"]
        return self._pick(*names) if names else self._text(depth)

    def _text(self, _: int) -> str:
        return self._pick(*TEXTS, "device.driver")

    def _number(self, _: int) -> str:
        return self._pick("0", "3", "-1", "42")

    def _flag(self, _: int) -> str:
        return self._pick(
            "true", "device.allowMultipleAllocations", f"{self._map()}.size() > 1", f"has({self._map()}.type)"
        )

    def _changed(self, depth: int) -> str:
        text = self.make("string", depth)
        change = (
            "lowerAscii()",
            "trim()",
            "substring(1)",
            "replace('a', 'bcd')",
            "replace('', 'x')",
            "replace('abc', 'd')",
            "charAt(0)",
        )
        return f"({text}).{self._pick(*change)}"

    def _sum(self, depth: int) -> str:
        return f"({self._attribute()} + {self.make('string', depth)})"

    def _size(self, depth: int) -> str:
        return f"size({self.make('string', depth)})"

    def _arithmetic(self, depth: int) -> str:
        return f"({self.make('int', depth)} {self._pick('+', '-', '*')} {self._number(depth)})"

    def _count(self, depth: int) -> str:
        inside = self._inside("bool", depth)
        made = (f"map({inside[0]}, {inside[1]})", f"filter({inside[0]}, {inside[1]})")
        return f"{self._map()}.{self._pick(*made)}.size()"

    def _compared(self, depth: int) -> str:
        kind = self._pick("string", "string", "int")
        operator = self._pick("==", "!=", "<", ">=") if kind == "int" else self._pick("==", "==", "!=", "<")
        return f"{self.make(kind, depth)} {operator} {self.make(kind, depth)}"

    def _joined(self, depth: int) -> str:
        number = self.random.randint(2, 4)
        parts = [f"({self.make('bool', depth)})" for _ in range(number)]
        return self._pick(" && ", " || ").join(parts)

    def _choice(self, depth: int) -> str:
        return f"(({self.make('bool', depth)}) ? ({self.make('bool', depth)}) : ({self.make('bool', depth)}))"

    def _negated(self, depth: int) -> str:
        return f"!({self.make('bool', depth)})"

    def _guarded(self, depth: int) -> str:
        inner = f"device.attributes['{self._pick(*DOMAINS)}']"
        return f"'{self._pick(*NAMES)}' in {inner} && {self.make('bool', depth)}"

    def _inside(self, kind: str, depth: int) -> tuple[str, str]:
        """A variable, and an expression that may use it."""
        name = f"k{len(self.variables)}"
        self.variables.append((name, "string"))
        made = self.make(kind, depth)
        self.variables.pop()
        return name, made

    def _loop(self, depth: int) -> str:
        name, inner = self._inside("bool", depth)
        over = self._pick(self._map(), self._map(), "device.attributes", "['gpu', 'mig']", f"{self._map()}.map(x, x)")
        return f"{over}.{self._pick('all', 'exists', 'exists_one')}({name}, {inner})"

    def _two(self, depth: int) -> str:
        name, inner = self._inside("bool", depth)
        return f"{self._map()}.{self._pick('all', 'exists')}({name}, v{name}, {inner})"

    def _tested(self, depth: int) -> str:
        text, argument = self.make("string", depth), self._pick(*TEXTS)
        test = self._pick("contains", "startsWith", "endsWith", "matches")
        return f"({text}).{test}({argument})"

    def _version(self, _: int) -> str:
        compared = self._pick("compareTo({}) >= 0", "isGreaterThan({})", "isLessThan({})")
        version = self._pick("semver('580.0.0')", "semver('1.2', true)")
        return f"{self._attribute()}.{compared.format(version)}"

    def _quantity(self, _: int) -> str:
        memory = f"device.capacity['{DRIVER}'].memory"
        asked = self._pick("quantity('40Gi')", "quantity('81559Mi')", memory)
        return self._pick(
            f"{memory}.compareTo({asked}) >= 0", f"{memory}.add({asked}).isLessThan({asked})", f"{memory} == {asked}"
        )

    def _in(self, depth: int) -> str:
        items = ", ".join(self._text(depth) for _ in range(self.random.randint(1, 6)))
        return f"{self._attribute()} in [{items}]"

    def _bound(self, depth: int) -> str:
        name, inner = self._inside("bool", depth)
        return f"cel.bind({name}, {self.make('string', depth)}, {inner})"

    def _optional(self, depth: int) -> str:
        inner = f"device.attributes['{self._pick(*DOMAINS)}']"
        name = self._pick(*NAMES)
        return self._pick(
            f"{inner}.?{name}.orValue('') == {self.make('string', depth)}",
            f"{inner}[?'{name}'].hasValue()",
            f"{inner}.?{name}.optMap(o, o == {self.make('string', depth)}).orValue(false)",
        )


def expressions() -> Iterator[str]:
    """All of them, without duplicates."""
    maker = Maker(SEED)
    made = (maker.make("bool") for _ in range(NUMBER))
    yield from dict.fromkeys(text for text in made if len(text) <= _LONGEST)


def main() -> None:
    """Print the selectors or, given the estimates, the costs."""
    if "--costs" in sys.argv:
        for answer in map(json.loads, sys.stdin):
            if "compile" not in answer:
                sys.stdout.write(json.dumps({"expression": answer["expression"], "cost": answer.get("cost", 0)}) + "\n")
        return
    for text in expressions():
        sys.stdout.write(json.dumps({"expression": text, "driver": DRIVER, "devices": DEVICES[:1]}) + "\n")


if __name__ == "__main__":
    main()
