"""The API server is the reference for validation rules: the same verdict for every expression and value."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from blueprint.bundle.model import Object
from blueprint.check.objects import validate_objects
from blueprint.lab.access import RequestFailed
from tests.cel.test_engine import TRUE, VALUE
from tests.support.waits import eventually

pytest.importorskip("cel_expr_python", reason="the extra cel is not installed")

Schema = dict[str, Any]
TEXT: Schema = {"type": "string", "maxLength": 60}
INT: Schema = {"type": "integer"}
TEXTS: Schema = {"type": "array", "items": TEXT, "maxItems": 8}
LABELS: Schema = {"type": "object", "additionalProperties": TEXT, "maxProperties": 8}
EITHER: Schema = {"x-kubernetes-int-or-string": True, "maxLength": 20}


def fields(**properties: Schema) -> Schema:
    return {"type": "object", "properties": properties}


def items(**properties: Schema) -> Schema:
    return {"type": "array", "maxItems": 6, "items": fields(**properties)}


EVERYTHING = fields(
    amount=TEXT, numbers={"type": "array", "items": INT, "maxItems": 5}, count=INT, text=TEXT, names=TEXTS,
    map={"type": "object", "additionalProperties": INT, "maxProperties": 5},
)  # fmt: skip
TERM = items(id=TEXT, name=TEXT, alias=TEXT, key=TEXT, operator=TEXT, effect=TEXT, values=TEXTS, minValues=INT)
TERMS: list[Any] = [
    [], [{"id": "a"}], [{"name": "a"}], [{"id": "a", "name": "b"}], [{"alias": "al2@v1"}, {"id": "b"}],
    [{"operator": "In", "values": ["1"], "minValues": 2}], [{"operator": "Gt", "values": ["5"]}],
    [{"operator": "Gt", "values": ["x"]}], [{"effect": "NoSchedule", "operator": "Exists"}],
    [{"operator": "Exists", "key": "k"}, {"operator": "Equal"}],
]  # fmt: skip
WORDS = ["", "a", "al2@latest", "windows2022@v1", "karpenter.sh/x", "a.b/c", "kubernetes.io/hostname", "9"]
MAPS: list[Any] = [{}, {"a": "b"}, {"": "x"}, {"a": ""}, {"cpu": "1", "memory": "-2"}, {"kubernetes.io/cluster/x": "y"}]
CASES: list[tuple[Schema, str, list[Any]]] = [
    (TEXT, "self.matches('^[a-zA-Z0-9]+@.+$')", WORDS),
    (TEXT, "self.split('@')[0] in ['al2', 'windows2022'] ? self.split('@')[1] == 'latest' : true", WORDS),
    (TEXT, "self in ['a'] || !self.find('^([^/]+)').endsWith('karpenter.sh')", WORDS),
    (TEXT, "self != 'kubernetes.io/hostname' && size(self) < 12", WORDS),
    (TEXT, "self == '' || self.lowerAscii() == self", [*WORDS, "Ab", "ÄÖ"]),
    (TEXT, "int(self) >= 0", ["1", "-1", "x", "", "1.5"]),
    (TEXT, "quantity(self).isGreaterThan(quantity('100Mi'))", ["1Gi", "1M", "x", "", "104857600", "105M", "1e9"]),
    (TEXT, "isQuantity(self) && quantity(self).isInteger()", ["1", "0.5", "1500m", "2000m", "1Ki", "x", "1e3", "1E"]),
    (TEXT, "isIP(self)", ["1.2.3.4", "::1", "01.2.3.4", "::ffff:1.2.3.4", "fe80::1%eth0", "x", "1.2.3", "2001:DB8::1"]),
    (TEXT, "ip(self).isGlobalUnicast()", ["10.0.0.1", "127.0.0.1", "224.0.0.1", "fd00::1", "255.255.255.255", "x"]),
    (TEXT, "ip.isCanonical(self)", ["1.2.3.4", "::1", "2001:DB8::1", "2001:db8:0::1"]),
    (TEXT, "isCIDR(self)", ["10.0.0.0/8", "10.0.0.1/8", "10.0.0.0/33", "10.0.0.0", "::/0", "10.0.0.0/08", "x/8"]),
    (TEXT, "cidr('10.0.0.0/8').containsCIDR(self)", ["10.1.0.0/16", "11.0.0.0/16", "10.0.0.0/8", "0.0.0.0/0"]),
    (TEXT, "isURL(self)", ["https://a.b", "/path", "a", "", "http://[::1]:80/x", "mailto:a@b", "http://a b", "a:b"]),
    (TEXT, "url(self).getScheme() == 'https' && url(self).getPort() == ''", ["https://a", "https://a:1", "http://a"]),
    (TEXT, "!format.dns1123Label().validate(self).hasValue()", ["a", "A", "a-", "a.b", "", "1a"]),
    (TEXT, "!format.qualifiedName().validate(self).hasValue()", ["a", "a/b", "/b", "a/", "A_b", "-a", "x.y/Z"]),
    (TEXT, "!format.labelValue().validate(self).hasValue()", ["a", "", "a b", "-", "a.b_c"]),
    (TEXT, "!format.uuid().validate(self).hasValue()", ["01234567-89ab-cdef-0123-456789abcdef", "x", ""]),
    (TEXT, "isSemver(self)", ["1.2.3", "v1.2.3", "1.2", "1.2.3-a+b", "01.2.3", ""]),
    (TEXT, "semver(self, true).isLessThan(semver('1.10.0'))", ["v1.9", "1.10.0-rc1", "1.10", "2"]),
    (TERM, "self.all(x, has(x.id) || has(x.name) || has(x.alias))", TERMS),
    (TERM, "!self.exists(x, has(x.id) && has(x.name)) && self.size() < 2", TERMS),
    (TERM, "self.all(x, x.operator == 'In' ? x.values.size() != 0 : true)", TERMS),
    (TERM, "self.all(x, has(x.operator) && x.operator == 'Gt' ? int(x.values[0]) >= 0 : true)", TERMS),
    (TERM, "self.all(x, has(x.minValues) ? x.values.size() >= x.minValues : true)", TERMS),
    (TERM, "size(self.filter(i, size(self.filter(j, has(j.id) == has(i.id))) > 1)) == 0", TERMS),
    (TERM, "self.map(x, x.?id.orValue('-')).exists(x, x != '-')", TERMS),
    (TERM, "self.exists_one(x, has(x.id))", TERMS),
    (LABELS, "self.all(k, k != '' && self[k] != '')", MAPS),
    (LABELS, "self.all(k, !k.startsWith('kubernetes.io/cluster') && !self[k].startsWith('-'))", MAPS),
    (LABELS, "self.all(k, v, k != v) && !('cpu' in self)", MAPS),
    (LABELS, "self['a'] == 'b'", MAPS),
    (LABELS, "self.?a.hasValue() || self[?'cpu'].orValue('0') == '1'", MAPS),
    (EITHER, "type(self) == int ? self > 0 : self.endsWith('%')", [1, 0, "5%", "x"]),
    (EITHER, "self == 5 || self == '5'", [5, "5", 6, "6"]),
    ({"type": "number"}, "self < 2.5 && self >= 0.0", [1, 2.5, -1, 0.5]),
    (INT, "self % 2 == 0 && self / 2 > 1", [4, 2, 3, -4]),
    ({"type": "string", "format": "byte", "maxLength": 40}, "size(self) < 3", ["YQ==", "YWJjZA=="]),
    (fields(**{"a-b": INT, "x.y": INT, "in": INT}), "self.a__dash__b + self.x__dot__y == self.__in__",
     [{"a-b": 1, "x.y": 2, "in": 3}, {"a-b": 1, "x.y": 2, "in": 4}, {"a-b": 1}]),
    (fields(**{"namespace": INT, "for": INT}), "!has(self.namespace) && self.__for__ + self.for == 4",
     [{"for": 2}, {"namespace": 1, "for": 2}, {"for": 1}]),
    (fields(least=INT, most=INT), "!has(self.least) || !has(self.most) || self.least <= self.most",
     [{}, {"least": 1}, {"least": 1, "most": 1}, {"least": 2, "most": 1}]),
    (fields(a=TEXT, b=TEXT), "[has(self.a), has(self.b)].filter(x, x).size() <= 1",
     [{}, {"a": "x"}, {"a": "x", "b": "y"}]),
    (TEXTS, "self.isSorted() && sets.contains(['a', 'b', 'c'], self)", [[], ["a"], ["b", "a"], ["a", "z"], ["a", "c"]]),
    (TEXTS, "self.size() == 0 || self[0] == self[self.size() - 1]", [[], ["a"], ["a", "b"], ["a", "b", "a"]]),
    (TEXTS, "self.join('/').size() < 5 && self.indexOf('x') < 0", [[], ["a", "b"], ["abc", "de"], ["x"]]),
    *((EVERYTHING, text, [VALUE]) for text in TRUE),
    *((EVERYTHING, f"!({text})", [VALUE]) for text in TRUE),
]  # fmt: skip
NOT_INSTALLABLE = (
    "transformList",
    "orValue('1')",
    "self.missing",
    "cel.bind",
    ".join()",
    "isSorted",
    "flatten",
    "distinct",
)
"""Why the server rejects some rules in a definition: fields that its schema lacks, functions that rules of
definitions do not have, and costs that its estimate finds too high.
"""
DISAGREEMENTS = {("isQuantity(self) && quantity(self).isInteger()", "'2000m'")}
"""Reviewed pairs for which we are wrong. The list may only shrink.

The server keeps the scale a quantity was written in, and calls `2000m` no integer; we keep the number alone.
"""


def definition(group: str, chosen: dict[int, tuple[Schema, str, list[Any]]]) -> dict[str, Any]:
    properties = {
        f"f{number}": {**schema, "x-kubernetes-validations": [{"rule": rule}]}
        for number, (schema, rule, _) in chosen.items()
    }
    schema = {"type": "object", "properties": {"spec": {"type": "object", "properties": properties}}}
    version = {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"things.{group}"},
        "spec": {
            "group": group,
            "scope": "Cluster",
            "names": {"kind": "Thing", "listKind": "ThingList", "plural": "things", "singular": "thing"},
            "versions": [version],
        },
    }


@pytest.fixture(scope="module")
def installed(lab: Any) -> tuple[Any, str, dict[int, tuple[Schema, str, list[Any]]]]:
    """The definition with every rule that the server accepts."""
    group = f"r{uuid.uuid4().hex[:8]}.example.com"
    chosen = dict(enumerate(CASES))
    path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
    for _ in range(3):
        if not (refused := _refused(lab, path, definition(group, chosen))):
            break
        rules = [chosen.pop(number)[1] for number in refused]
        assert not [rule for rule in rules if not any(part in rule for part in NOT_INSTALLABLE)]
    eventually(
        lambda: lab.request("GET", f"/apis/{group}/v1/things"), "the definition is served", errors=(RequestFailed,)
    )
    return lab, group, chosen


def _refused(lab: Any, path: str, crd: dict[str, Any]) -> set[int]:
    """The fields whose rules the server rejects in a definition; without any, the definition is installed."""
    try:
        lab.request("POST", path, crd)
    except RequestFailed as failed:
        found = {int(number) for number in re.findall(r"properties\[f(\d+)\]", str(failed))}
        if not found:
            raise
        return found
    return set()


def _pairs(chosen: dict[int, tuple[Schema, str, list[Any]]]) -> Iterator[tuple[int, str, Any]]:
    for number, (_, rule, values) in chosen.items():
        for value in values:
            yield number, rule, value


def test_every_verdict_is_that_of_the_api_server(installed: Any) -> None:
    """Rules that were not evaluated there have no verdict to compare; they are few."""
    lab, group, chosen = installed
    crd = definition(group, chosen)
    wrong, undecided, count = set(), [], 0
    for number, rule, value in _pairs(chosen):
        data = {
            "apiVersion": f"{group}/v1",
            "kind": "Thing",
            "metadata": {"name": "mine"},
            "spec": {f"f{number}": value},
        }
        try:
            lab.request("POST", f"/apis/{group}/v1/things?dryRun=All", data)
            taken = True
        except RequestFailed:
            taken = False
        found = validate_objects([Object(data, "x")], kubernetes_minor="1.36", crds=[crd])
        if found.rules.not_evaluated:
            undecided.append((rule, value, [each.message for each in found.diagnostics]))
            continue
        count += 1
        if taken != all(each.severity != "error" for each in found.diagnostics):
            wrong.add((rule, repr(value), "taken" if taken else "refused", str([e.message for e in found.diagnostics])))
    assert {each[:2] for each in wrong} == DISAGREEMENTS, wrong
    assert count >= 200
    assert len(undecided) <= count // 20, undecided
