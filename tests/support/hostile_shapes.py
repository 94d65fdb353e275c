"""Files of any size that are designed to crash their reader, make it hang, or fill its memory."""

from __future__ import annotations

import base64
import random
from collections.abc import Callable

from tests.support.hostile_pairs import PAIRS
from tests.support.hostile_texts import (
    AUTOSCALER,
    CLAIM,
    CONFIG_MAP,
    CRD,
    CRON_JOB,
    DEVICE_CLASS,
    LABELLED_POD,
    ONE_CONTAINER,
    ONE_RULE,
    POD,
    POD_HEAD,
    SERVICE,
    again,
    numbered,
)  # fmt: skip


def random_bytes(size: int) -> bytes:
    """Random bytes, the same in every run."""
    return random.Random(1).randbytes(size)  # noqa: S311 - no secret


def aliases_of_aliases(size: int) -> str:
    """Lists, each of which contains the previous list nine times."""
    lines = (f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, max(size // 60, 2)))
    return "a0: &a0 [x, x, x, x, x, x, x, x, x]\n" + "".join(lines)


def aliases_of_maps(size: int) -> str:
    """Maps, each of which contains the previous map three times, once merged."""
    lines = (f"b{n}: &b{n} {{x{n}: *b{n - 1}, y{n}: *b{n - 1}, <<: *b{n - 1}}}\n" for n in range(1, size // 50))
    return "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nb0: &b0 {a: 1}\n" + "".join(lines)


SHAPES: dict[str, Callable[[int], str | bytes]] = {
    # many documents
    "small pods": lambda size: numbered(POD, size),
    "small pods, CRLF": lambda size: numbered(POD, size).replace("\n", "\r\n"),
    "small pods, BOM": lambda size: b"\xef\xbb\xbf" + numbered(POD, size).encode(),
    "small pods, BOM in each": lambda size: numbered(POD, size).replace("---\n", "---\n\ufeff"),
    "small pods, UTF-16": lambda size: numbered(POD, size // 2).encode("utf-16"),
    "small pods, one broken": lambda size: numbered(POD, size) + "a: [\n",
    "small pods, one broken first": lambda size: "a: [\n---\n" + numbered(POD, size),
    "small pods, every other broken": lambda size: numbered(POD + "a: [\n---\n", size),
    "tiny documents": lambda size: again("---\na: b\n", size),
    "unknown kinds": lambda size: again("---\nkind: A\napiVersion: b.c/v1\n", size),
    "many unknown kinds": lambda size: numbered("---\nkind: A{0}\napiVersion: b.c/v1\nmetadata: {{name: a}}\n", size),
    "objects without a name": lambda size: again("---\nkind: Pod\napiVersion: v1\n", size),
    "separators": lambda size: again("---\n", size) + "a: b\n",
    "broken documents": lambda size: again("a: [\n---\n", size),
    "keys twice in documents": lambda size: again("a: 1\na: 2\n---\n", size),
    "templates": lambda size: again("{{ if .Values.a }}\nkind: A\n{{ end }}\n---\n", size),
    "templates in objects": lambda size: numbered(POD.replace("p{0}", "{{{{ .Values.p{0} }}}}"), size),
    "tags": lambda size: again("a: !!python/object:os.system x\n---\n", size),
    "YAML directives": lambda size: again("%YAML 1.1\n---\na: b\n...\n", size),
    # lists
    "a List": lambda size: (
        "apiVersion: v1\nkind: List\nitems:\n"
        + numbered(
            "- apiVersion: v1\n  kind: Pod\n  metadata: {{name: p{0}}}\n"
            "  spec: {{containers: [{{name: a, image: 'b:1', resources: {{limits: {{nvidia.com/gpu: 500m}}}}}}]}}\n",
            size,
        )
    ),
    "a List in JSON": lambda size: (
        '{"apiVersion": "v1", "kind": "List", "items": ['
        + numbered(
            '{{"apiVersion": "v1", "kind": "Pod", "metadata": {{"name": "p{0}"}},'
            ' "spec": {{"containers": [{{"name": "a", "image": "b"}}]}}}}, ',
            size,
        ).removesuffix(", ")
        + "]}"
    ),
    "a List of aliases": lambda size: (
        "apiVersion: v1\nkind: List\nitems:\n- &a {kind: ConfigMap, apiVersion: v1, metadata: {name: a, namespace: b},"
        f" data: {{a: {'x' * (size // 100)}}}}}\n" + again("- *a\n", size * 99 // 100)
    ),
    "containers": lambda size: POD_HEAD + again("    - {name: a, image: b}\n", size),
    "numbered containers": lambda size: POD_HEAD + numbered("    - {{name: a{0}, image: 'r.example/b:1'}}\n", size),
    "arguments": lambda size: ONE_CONTAINER + "    args:\n" + again("    - --model x\n", size),
    "arguments with variables": lambda size: (
        ONE_CONTAINER + "    args:\n" + numbered("    - --m{0} $A{0} ${{B{0}}}\n", size)
    ),
    "variables": lambda size: ONE_CONTAINER + "    env:\n" + numbered("    - {{name: A_TOKEN{0}, value: abc}}\n", size),
    "keys of a ConfigMap": lambda size: (
        CONFIG_MAP + numbered("  key{0}: v\n", size // 10) + "---\n" + ONE_CONTAINER + "    env:\n"
        + numbered("    - {{name: E{0}, valueFrom: {{configMapKeyRef: {{name: a, key: keys{0}}}}}}}\n", size * 9 // 10)
    ),
    "ports": lambda size: ONE_CONTAINER + "    ports:\n" + numbered("    - {{containerPort: 1, name: p{0}}}\n", size),
    "resources": lambda size: (
        ONE_CONTAINER + "    resources:\n      limits:\n" + numbered("        nvidia.com/gpu{0}: 1\n", size)
    ),
    "capabilities": lambda size: (
        ONE_CONTAINER
        + "    securityContext:\n      capabilities:\n        add:\n"
        + numbered("        - CAP_X{0}\n", size)
    ),
    "unknown fields": lambda size: POD_HEAD + "  - {name: a, image: 'r.example/b:1'}\n" + numbered("  f{0}: 1\n", size),
    "labels": lambda size: (
        "apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\n  labels:\n" + numbered("    k{0}: v\n", size)
    ),
    "a custom object": lambda size: (
        "apiVersion: a.example/v1\nkind: Thing\nmetadata: {name: a, namespace: b}\nspec:\n"
        + numbered("  - {{a: {0}, b: [1, 2]}}\n", size)
    ),
    "a definition": lambda size: CRD + "        properties:\n" + numbered("          p{0}: {{type: string}}\n", size),
    # many objects that could reference each other
    "Services and Pods": lambda size: numbered(SERVICE, size // 2) + numbered(LABELLED_POD, size // 2),
    "claims and volumes": lambda size: (
        numbered(CLAIM, size // 2) + ONE_CONTAINER + "  volumes:\n"
        + numbered("  - {{name: v{0}, persistentVolumeClaim: {{claimName: models-cache-{0}}}}}\n", size // 2)
    ),
    "autoscalers": lambda size: numbered(AUTOSCALER, size),
    "backends of an Ingress": lambda size: (
        "apiVersion: v1\nkind: Service\nmetadata: {name: s, namespace: b}\n---\n"
        "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: i, namespace: b}\nspec:\n  rules:\n"
        "  - http:\n      paths:\n"
        + numbered(
            "      - {{path: /{0}, pathType: Prefix, backend: {{service: {{name: n{0}, port: {{number: 80}}}}}}}}\n",
            size,
        )
    ),
    # large texts
    "a scalar": lambda size: CONFIG_MAP + f"  a: '{'x' * size}'\n",
    "a block": lambda size: CONFIG_MAP + "  a: |\n" + again("    some text of a script $HOME\n", size),
    "escapes": lambda size: CONFIG_MAP + '  a: "' + again("\\u00e9", size) + '"\n',
    "base64": lambda size: CONFIG_MAP + "  a: " + base64.b64encode(random_bytes(size * 3 // 4)).decode() + "\n",
    "a line": lambda size: again("a: b ", size),
    "a key": lambda size: f"? {'k' * size}\n: v\n",
    "a long key": lambda size: CONFIG_MAP + f"  ? {'k' * size}\n  : v\n",
    "an integer": lambda size: CONFIG_MAP + f"  a: {'9' * size}\n",
    "a quantity": lambda size: ONE_CONTAINER + f"    resources: {{limits: {{nvidia.com/gpu: '{'9' * size}'}}}}\n",
    "an image": lambda size: POD_HEAD + f"  - {{name: a, image: '{again('a/', size)}b:1'}}\n",
    "an argument": lambda size: ONE_CONTAINER + f"    args: ['{again('--a $B ${C} ', size)}']\n",
    "spaces in an argument": lambda size: ONE_CONTAINER + f"    args: ['--a{' ' * size}b']\n",
    "a schedule": lambda size: f"{CRON_JOB}'{again('1,2-3/4,', size)} * * * *'\n",
    "digits of a schedule": lambda size: f"{CRON_JOB}'{'9' * size} * * * *'\n",
    "hours of a schedule": lambda size: f"{CRON_JOB}'@every {again('1h', size)}x'\n",
    "a pattern": lambda size: (
        CRD + "        properties:\n          a: {type: string, pattern: '^(a+)+$'}\n---\n"
        f"apiVersion: b.example/v1\nkind: A\nmetadata: {{name: a, namespace: b}}\na: {'a' * size}b\n"
    ),
    "a dashboard": lambda size: CONFIG_MAP + "  a.json: '{\"panels\":[" + again('{"type":"graph"},', size) + "{}]}'\n",
    "panels in panels": lambda size: CONFIG_MAP + "  a.json: '" + again('{"panels":', size) + "'\n",
    "braces": lambda size: CONFIG_MAP + "  a: '" + "{" * size + "'\n",
    "counters": lambda size: CONFIG_MAP + "  dcgm-metrics.csv: |\n" + numbered("    DCGM_FI_X{0}, gauge, text\n", size),
    "a line of counters": lambda size: (
        CONFIG_MAP + f"  dcgm-metrics.csv: |\n    DCGM_FI_DEV_GPU_UTIL, gauge, {'x' * size}\n"
    ),
    "quotes in counters": lambda size: CONFIG_MAP + "  dcgm-metrics.csv: |\n" + again('    a, "b\n', size),
    # expressions
    "PromQL": lambda size: f"{ONE_RULE}    - {{alert: A, expr: '{again('up + ', size)}up'}}\n",
    "PromQL, parentheses": lambda size: (
        f"{ONE_RULE}    - {{alert: A, expr: '{'(' * (size // 2)}up{')' * (size // 2)}'}}\n"
    ),
    "PromQL, signs": lambda size: f"{ONE_RULE}    - {{alert: A, expr: '{'-' * size}up'}}\n",
    "PromQL, matchers": lambda size: (
        f"{ONE_RULE}    - alert: A\n      expr: 'up{{" + numbered('a{0}=~".*", ', size) + "}'\n"
    ),
    "rules": lambda size: (
        ONE_RULE + numbered("    - {{alert: A{0}, expr: 'sum(rate(DCGM_FI_DEV_X{0}[5m])) > 1'}}\n", size)
    ),
    "CEL": lambda size: f"{DEVICE_CLASS}  - cel: {{expression: '{again('true && ', size)}true'}}\n",
    "CEL, parentheses": lambda size: (
        f"{DEVICE_CLASS}  - cel: {{expression: '{'(' * (size // 2)}true{')' * (size // 2)}'}}\n"
    ),
    "CEL selectors": lambda size: (
        DEVICE_CLASS + numbered("  - cel: {{expression: 'device.driver == \"a{0}\"'}}\n", size)
    ),
    "rules of a definition": lambda size: (
        CRD
        + "        x-kubernetes-validations:\n"
        + numbered("        - {{rule: 'self.a{0} > 1', message: a}}\n", size)
    ),
    # deep nesting
    "brackets": lambda size: "[" * size,
    "braces of YAML": lambda size: again("{a: ", size),
    "closed brackets": lambda size: CONFIG_MAP + again("  - [[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]\n", size),
    "deep blocks": lambda size: "".join(" " * depth + "a:\n" for depth in range(int((2 * size) ** 0.5))),
    "deep sequences": lambda size: again("- ", size),
    "deep JSON": lambda size: again('{"a":', size),
    "aliases of aliases": aliases_of_aliases,
    "aliases of maps": aliases_of_maps,
    "an anchor in itself": lambda size: again("a: &s {containers: [*s]}\n---\n", size),
    "anchors": lambda size: CONFIG_MAP + numbered("  k{0}: &a{0} v\n", size),
    "anchors and aliases": lambda size: CONFIG_MAP + "  a: &a v\n" + numbered("  k{0}: *a\n", size),
    "merged maps": lambda size: "a: &a {b: c}\n---\n" + again("x: &a {b: c}\ny: {<<: *a}\n---\n", size),
    # maps
    "keys": lambda size: CONFIG_MAP + numbered("  k{0}: v\n", size),
    "one key": lambda size: CONFIG_MAP + again("  same: v\n", size),
    "keys in a line of JSON": lambda size: (
        '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a","namespace":"b"},"data":{'
        + numbered('"k{0}":"v",', size).removesuffix(",") + "}}"
    ),
    "doubtful values": lambda size: CONFIG_MAP + numbered("  k{0}: yes\n", size),
    "null values": lambda size: CONFIG_MAP + numbered("  k{0}: null\n", size),
    "numeric keys": lambda size: CONFIG_MAP + numbered("  {0}: v\n", size),
    "complex keys": lambda size: CONFIG_MAP + numbered("  ? [{0}]\n  : v\n", size),
    # characters
    "NUL characters": lambda size: "\0" * size,
    "a NUL in a name": lambda size: POD_HEAD.replace("name: a", "name: a\0") + again("# x\n", size),
    "a NUL in each document": lambda size: again("a: b\0\n---\n", size),
    "Latin-1": lambda size: (CONFIG_MAP + "  a: ").encode() + b"\xe9" * size,
    "UTF-16": lambda size: (CONFIG_MAP + "  a: " + "x" * (size // 2)).encode("utf-16"),
    "random bytes": random_bytes,
    "umlauts": lambda size: CONFIG_MAP + numbered("  k{0}: äöü\n", size // 2),
    "line separators": lambda size: CONFIG_MAP + again("  # \u2028\n", size),
    "tabs": lambda size: "a:\n" + again("\tb: c\n", size),
    "double quotes": lambda size: '"' * size,
    "colons": lambda size: again(": ", size),
    "question marks": lambda size: again("? ", size),
    "spaces": lambda size: " " * size,
    "line ends": lambda size: "\n" * size,
    "carriage returns": lambda size: "\r" * size,
    "comments": lambda size: again("# a comment\n", size),
    "comments that waive": lambda size: again("# blueprint: ignore BP6101\n", size),
    "comments that waive, in an object": lambda size: (
        ONE_CONTAINER + again("# blueprint: waive BP6101 until 2030-03-31 -- a reason (owner)\n", size)
    ),
    "placeholders": lambda size: CONFIG_MAP + numbered("  k{0}: ${{NAME}}\n", size),
    **PAIRS,
    "conflicts of git": lambda size: again("<<<<<<< HEAD\na: b\n=======\n>>>>>>> x\n", size),
}  # fmt: skip
"""By name: a function that creates a file of approximately the given number of bytes."""


def shape(name: str, size: int) -> bytes:
    """A file of approximately the given number of bytes."""
    text = SHAPES[name](size)
    return text if isinstance(text, bytes) else text.encode()
