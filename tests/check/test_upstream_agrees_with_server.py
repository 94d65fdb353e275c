"""The API server is the reference for definitions, for the output of upstream's charts, and for mistakes inserted into
it.

BLUEPRINT_REFERENCE names a folder with the charts' outputs. BLUEPRINT_SEED and BLUEPRINT_MUTATIONS (how many objects of
each kind) select other and more mutated objects.
"""

from __future__ import annotations

import json
import os
import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest
import yaml

from blueprint.bundle.model import USERS, Object
from blueprint.check.objects import validate_objects
from blueprint.diagnostics import Diagnostic, Severity
from blueprint.kubernetes.crds import earlier_crds, expand_crd, load_crd, shipped_crds
from blueprint.lab.access import RequestFailed
from blueprint.lint.inputs import STDIN, read_inputs
from blueprint.lint.run import lint
from blueprint.render.canonical import canonical
from tests.check.test_api_server_agrees import SILENT
from tests.support.schema_instances import instance, mutated
from tests.support.waits import eventually

Data = dict[str, Any]
CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
CRD = "CustomResourceDefinition"
APPLY = "application/apply-patch+yaml"
SHIPPED = [pytest.param(path, id="/".join(path.parts[-3:])) for path in (*shipped_crds().values(), *earlier_crds())]
SEED = int(os.environ.get("BLUEPRINT_SEED", "1"))
MUTATIONS = int(os.environ.get("BLUEPRINT_MUTATIONS", "4"))
UNDECIDED = ("BP5025", "BP5002")
"""A validation rule that is not evaluated, or an unknown kind: there is no verdict to compare."""


KNOWN = (
    "null ('spec',)",  # of a DeviceClass: OpenAPI requires it, and the server adds an empty one
    "'preference'",  # of a preferred node affinity: the same
)
"""Changes for which we are wrong. The list may only shrink."""


class Loader(yaml.CSafeLoader):
    """Reads `=` as text, as intended in upstream's definitions, and keeps timestamps as they are written."""


Loader.add_constructor("tag:yaml.org,2002:value", lambda loader, node: loader.construct_scalar(node))
Loader.add_constructor("tag:yaml.org,2002:timestamp", lambda loader, node: loader.construct_scalar(node))


def _reference() -> Path | None:
    named = os.environ.get("BLUEPRINT_REFERENCE")
    return Path(named) if named else None


def _renders() -> list[str]:
    folder = _reference()
    found = folder.glob("*/*/case-*/rendered.yaml") if folder else ()
    return sorted(str(each.relative_to(folder)) for each in found) if folder else ["none/none/none/none"]


@cache
def _documents(file: Path) -> tuple[Data, ...]:
    """The objects of a file, including those in lists."""
    found: list[Data] = []
    for each in yaml.load_all(file.read_text("utf-8"), Loader):
        if isinstance(each, dict) and each.get("kind"):
            found += each["items"] if each["kind"].endswith("List") and "items" in each else [each]
    return tuple(found)


def _definitions(files: Iterable[Path]) -> dict[str, Data]:
    every = (each for file in files for each in _documents(file))
    return {each["metadata"]["name"]: each for each in every if each["kind"] == CRD}


class Judge:
    """An API server, queried by dry-run, without anything that converts, mutates or validates besides itself."""

    def __init__(self, lab: Any) -> None:
        self.lab = lab
        self._kinds: dict[tuple[str, str], Data] = {}
        self._namespaces: set[str] = set()

    def install(self, crds: Iterable[Data]) -> list[Data]:
        """Replace definitions with these names; returns them as they are used: without conversion webhooks."""
        used = [{**each, "spec": {k: v for k, v in each["spec"].items() if k != "conversion"}} for each in crds]
        for each in used:
            path = f"{CRDS}/{each['metadata']['name']}?fieldManager=judge&force=true"
            self.lab.request("PATCH", path, {k: v for k, v in each.items() if k != "status"}, content_type=APPLY)
        for each in used:
            eventually(
                lambda crd=each: self._serves(crd), f"{each['metadata']['name']} is served", errors=(RequestFailed,)
            )
        return used

    def _serves(self, crd: Data) -> bool:
        spec = crd["spec"]
        served = [each["name"] for each in spec["versions"] if each["served"]]
        return all(self._kind(f"{spec['group']}/{name}", spec["names"]["kind"]) for name in served)

    def serves(self, data: Data) -> bool:
        """Whether the server serves the kind: it is defined, and not disabled by default."""
        return self._kind(data["apiVersion"], data["kind"]) is not None

    def refusal(self, data: Data) -> str | None:
        """Why the server would reject the object; None if it would create it."""
        kind = self._kind(data["apiVersion"], data["kind"])
        if kind is None:
            return f"{data['kind']} {data['apiVersion']} is not served"
        namespace = f"/namespaces/{self._namespace(data['metadata'])}" if kind["namespaced"] else ""
        path = f"{_root(data['apiVersion'])}{namespace}/{kind['name']}"
        try:
            self.lab.request("POST", f"{path}?dryRun=All&fieldValidation=Strict&fieldManager=judge", data)
        except RequestFailed as failed:
            return None if failed.status == HTTPStatus.CONFLICT else str(failed)
        return None

    def _namespace(self, meta: Data) -> str:
        name = meta.get("namespace") or "default"
        if name not in self._namespaces:
            body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
            path = f"/api/v1/namespaces/{name}?fieldManager=judge&force=true"
            self.lab.request("PATCH", path, body, content_type=APPLY)
            self._namespaces.add(name)
        return str(name)

    def _kind(self, version: str, kind: str) -> Data | None:
        if (version, kind) not in self._kinds:
            try:
                resources = self.lab.request("GET", _root(version))["resources"]
            except RequestFailed:
                return None
            self._kinds |= {(version, each["kind"]): each for each in resources if "/" not in each["name"]}
        return self._kinds.get((version, kind))


def _root(version: str) -> str:
    return f"/apis/{version}" if "/" in version else f"/api/{version}"


@pytest.fixture(scope="session")
def judge(own: Any) -> Judge:
    """An API server with every shipped definition, which a component's own one of the same name replaces."""
    made = Judge(own)
    made.install(load_crd(*key) for key in shipped_crds())
    return made


@pytest.mark.parametrize("path", SHIPPED)
def test_the_api_server_takes_every_shipped_definition(own: Any, path: Path) -> None:
    """They are structural and complete: nothing of the schema is dropped."""
    crd = expand_crd(yaml.safe_load(path.read_text("utf-8")))
    query = "dryRun=All&fieldValidation=Strict&fieldManager=judge&force=true"
    got = own.request("PATCH", f"{CRDS}/{crd['metadata']['name']}?{query}", crd, content_type=APPLY)
    assert [each["schema"] for each in got["spec"]["versions"]] == [each["schema"] for each in crd["spec"]["versions"]]


def _complaints(found: Iterable[Diagnostic]) -> Iterator[tuple[str, str]]:
    """Object and code of what the API server must reject, and of what is unknown here."""
    for each in found:
        code = each.code.id
        if code in UNDECIDED or (code < "BP51" and code not in SILENT and each.severity is Severity.ERROR):
            yield str(each.subject), f"{code} {each.message}"


def _identity(data: Mapping[str, Any]) -> str:
    meta = data["metadata"]
    return "/".join(part for part in (data["kind"], meta.get("namespace"), meta.get("name")) if part)


@pytest.mark.reference
@pytest.mark.parametrize("render", _renders())
def test_what_upstream_renders_is_judged_as_the_api_server_does(judge: Judge, render: str) -> None:
    """The whole file, as `blueprint lint` reads it."""
    if (folder := _reference()) is None:
        pytest.skip("BLUEPRINT_REFERENCE does not name a folder with outputs of the upstream charts")
    file = folder / render
    crds = _definitions((*file.parents[1].glob("crds/*.yaml"), file))
    judge.install(crds.values())
    text = file.read_text("utf-8") + "".join(f"\n---\n{json.dumps(each)}" for each in _extra(crds, file))
    complaints = list(_complaints(lint(read_inputs([STDIN], text.encode()), kubernetes_minor="1.36").diagnostics))
    objects = {_identity(each): each for each in _documents(file) if each["kind"] != CRD and judge.serves(each)}
    refused = {name: why for name, data in objects.items() if (why := judge.refusal(data))}
    assert {subject for subject, _ in complaints} & objects.keys() == refused.keys(), (complaints, refused)
    assert objects


def _extra(crds: Mapping[str, Data], file: Path) -> list[Data]:
    inside = {each["metadata"]["name"] for each in _documents(file) if each["kind"] == CRD}
    return [each for name, each in crds.items() if name not in inside]


def _components() -> list[str]:
    return sorted({str(Path(each).parents[1]) for each in _renders()})


@pytest.fixture(scope="module", params=_components())
def component(request: Any, judge: Judge) -> tuple[Path, list[Data]]:
    """A component's folder, and its definitions, which the server has."""
    if (reference := _reference()) is None:
        pytest.skip("BLUEPRINT_REFERENCE does not name a folder with outputs of the upstream charts")
    folder = reference / request.param
    return folder, judge.install(
        _definitions((*folder.glob("crds/*.yaml"), *folder.glob("case-*/rendered.yaml"))).values()
    )


def _disagreements(judge: Judge, objects: Mapping[str, Data], crds: Sequence[Data]) -> dict[str, Any]:
    """The objects that only one of the two accepts, with the reason of the other.

    The server also validates its own kinds in code (422), which requires more than their schemas.
    """
    wrong = {}
    custom = {crd["spec"]["group"] for crd in crds}
    for about, data in objects.items():
        found = validate_objects([Object(canonical(data), USERS)], kubernetes_minor="1.36", crds=crds)
        ours = [complaint for _, complaint in _complaints(found.diagnostics)]
        if any(each.startswith(UNDECIDED) for each in ours):
            continue
        theirs = judge.refusal(data)
        by_hand = (
            theirs is not None and data["apiVersion"].rpartition("/")[0] not in custom and theirs.startswith("422")
        )
        if bool(ours) != bool(theirs) and not by_hand:
            wrong[about] = theirs or ours
    return {about: said for about, said in wrong.items() if not any(each in about for each in KNOWN)}


@pytest.mark.reference
def test_what_is_broken_in_it_is_judged_as_the_api_server_does(
    judge: Judge, component: tuple[Path, list[Data]]
) -> None:
    folder, crds = component
    dice = random.Random(SEED)  # noqa: S311 - which objects, no secret
    kinds: dict[str, list[Data]] = {}
    for file in sorted(folder.glob("case-*/rendered.yaml")):
        for data in _documents(file):
            kinds.setdefault(data["kind"], []).append(data)
    kinds.pop(CRD, None)
    kinds = {kind: served for kind, objects in kinds.items() if (served := [*filter(judge.serves, objects)])}
    broken = {}
    for kind, objects in kinds.items():
        for number in range(MUTATIONS):
            changed, what = mutated(dice.choice(objects), dice)
            broken[f"{kind} {number}: {what}"] = changed
    assert _disagreements(judge, broken, crds) == {}


@pytest.mark.reference
def test_random_objects_are_judged_as_the_api_server_does(judge: Judge, component: tuple[Path, list[Data]]) -> None:
    """For every definition: some objects that its schema describes, and the same with one change."""
    _, crds = component
    dice = random.Random(SEED)  # noqa: S311 - which objects, no secret
    made = {}
    for crd in crds:
        for version in (each for each in crd["spec"]["versions"] if each["served"]):
            for number in range(MUTATIONS):
                about = f"{crd['spec']['names']['kind']} {version['name']} {number}"
                made[about] = _instance(crd, version, dice)
                changed, what = mutated(made[about], dice)
                made[f"{about}: {what}"] = changed
    assert _disagreements(judge, made, crds) == {}


def _instance(crd: Data, version: Data, dice: random.Random) -> Data:
    schema = version["schema"]["openAPIV3Schema"]
    mine = {
        k: v for k, v in schema.get("properties", {}).items() if k not in ("apiVersion", "kind", "metadata", "status")
    }
    needed = [each for each in schema.get("required", ()) if each in mine]
    namespace = {"namespace": "default"} if crd["spec"]["scope"] == "Namespaced" else {}
    return {
        "apiVersion": f"{crd['spec']['group']}/{version['name']}",
        "kind": crd["spec"]["names"]["kind"],
        "metadata": {"name": "a", **namespace},
        **instance({**schema, "properties": mine, "required": needed}, dice),
    }
