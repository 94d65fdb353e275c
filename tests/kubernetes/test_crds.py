"""Our form of a custom resource, when expanded, is upstream's CRD without descriptions."""

from __future__ import annotations

import copy
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from blueprint.bundle.model import Object
from blueprint.check.objects import check_objects
from blueprint.kubernetes.crds import earlier_crds, expand_crd, load_crd, shipped_crds
from tests.support.check_corpus import VALID
from tests.support.yaml_data import yaml_documents, yaml_value
from tools.crd_import import fingerprint, import_crd, without_prose
from tools.crd_notation import write_notation

ELSEWHERE = {
    "argoproj.io", "cert-manager.io", "config.openshift.io", "helm.toolkit.fluxcd.io", "kustomize.toolkit.fluxcd.io",
    "nfd.openshift.io", "operators.coreos.com", "security.openshift.io", "source.toolkit.fluxcd.io",
    "topology.node.k8s.io",
}  # fmt: skip
"""Groups that the reference folder does not contain; their fingerprints were taken when they were imported."""
ELSEWHERE_BY_NAME = {("autoscaling.x-k8s.io", "provisioningrequests")}
"""Missing definitions of groups of which the folder contains others."""
SHIPPED = [pytest.param(path, id=f"{plural}.{group}") for (group, plural), path in shipped_crds().items()]
SHIPPED += [pytest.param(path, id=f"{path.stem}.{path.parent.name}") for path in earlier_crds()]


def _document(path: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml_value(path.read_text("utf-8"))
    return loaded


def _reference_crds() -> Iterator[dict[str, Any]]:
    folder = os.environ.get("BLUEPRINT_REFERENCE")
    if not folder:
        pytest.skip("BLUEPRINT_REFERENCE does not name a folder with the upstream CRDs")
    for pattern in (
        "gpu-operator/v26.7.0/crds/*.yaml",
        "kai-scheduler/v0.17.0/crds/*.yaml",
        "karpenter-aws/v1.14.1/crds/autoscaling.x-k8s.io_*.yaml",
        "karpenter-aws/v1.14.1/crds/karpenter.k8s.aws_*.yaml",
        "karpenter-aws/v1.14.1/crds/karpenter.sh_*.yaml",
        "jobset/v0.12.0/crds/*.yaml",
        "kubeflow-trainer/v2.3.0/crds/trainer.*.yaml",
        "kuberay/v1.7.0/crds/*.yaml",
        "kueue/v0.19.2/crds/*.yaml",
        "lws/v0.10.0/crds/leaderworkerset.*.yaml",
        "nfd/v0.19.0/crds/*.yaml",
        "network-operator/v26.4.1/crds/*.yaml",
        "prometheus-operator/v0.93.1/crds/crd-podmonitors.yaml",
        "prometheus-operator/v0.93.1/crds/crd-servicemonitors.yaml",
        "prometheus-operator/v0.93.1/crds/crd-prometheusrules.yaml",
    ):
        for file in sorted(Path(folder).glob(pattern)):
            yield from filter(None, yaml_documents(file.read_text("utf-8")))


@pytest.mark.parametrize("path", SHIPPED)
def test_the_expansion_has_the_fingerprint_of_upstream(path: Path) -> None:
    """Any change of a leaf, in the file or in the Kubernetes definitions to which it refers, is detected without
    upstream.
    """
    document = _document(path)
    assert fingerprint(expand_crd(document)) == document["fingerprint"]


@pytest.mark.parametrize("path", SHIPPED)
def test_a_changed_leaf_changes_the_fingerprint(path: Path) -> None:
    """So the test above can fail."""
    document = _document(path)
    version = next(iter(document["versions"].values()))
    changed = copy.deepcopy(document)
    changed["versions"][next(iter(document["versions"]))] = {**version, "schema": {"fields": {"spec": "string"}}}
    assert fingerprint(expand_crd(changed)) != document["fingerprint"]


def test_every_leaf_equals_upstream() -> None:
    """Compared field by field if upstream's files are available; only descriptions and generator marks differ."""
    names = set()
    for crd in _reference_crds():
        names.add(crd["metadata"]["name"])
        ours = copy.deepcopy(load_crd(crd["spec"]["group"], crd["spec"]["names"]["plural"]))
        crd["metadata"].pop("annotations", None)
        crd["spec"]["names"].setdefault("listKind", f"{crd['spec']['names']['kind']}List")  # as the API server does
        ours["metadata"].pop("annotations", None)
        if "conversion" not in crd["spec"]:  # charts add the conversion webhook
            ours["spec"].pop("conversion", None)
        for each in (*crd["spec"]["versions"], *ours["spec"]["versions"]):
            if each.get("subresources") == {}:
                del each["subresources"]
            each["schema"]["openAPIV3Schema"] = without_prose(each["schema"]["openAPIV3Schema"])
            each["additionalPrinterColumns"] = [without_prose(c) for c in each.get("additionalPrinterColumns", ())]
        assert ours == crd
    others = {key for key in shipped_crds() if key[0] in ELSEWHERE} | ELSEWHERE_BY_NAME
    assert names == {load_crd(*key)["metadata"]["name"] for key in shipped_crds() if key not in others}


@pytest.mark.parametrize("path", SHIPPED)
def test_the_files_name_their_source_and_contain_no_descriptions(path: Path) -> None:
    document = _document(path)
    assert all(document[key] for key in ("source", "version", "licence", "kubernetes"))
    assert path.stem == document["names"]["plural"]
    assert document["group"] in (path.parent.name, path.parent.parent.name)
    assert path.parent.name in (document["group"], document["version"])
    assert not re.search(
        r"description: (?!string$|\{type:)", path.read_text("utf-8"), re.MULTILINE
    )  # except for fields


@pytest.mark.parametrize("path", SHIPPED)
def test_expanded_crds_pass_our_own_check(path: Path) -> None:
    """They are objects like any other."""
    assert check_objects([Object(expand_crd(_document(path)), "x")], kubernetes_minor="1.36") == []


@pytest.mark.parametrize("path", SHIPPED)
def test_import_is_the_inverse_of_expansion(path: Path) -> None:
    """The file is reproduced, except for the messages of rules, which are ours."""
    document = _document(path)
    about = {"source": document["source"], "version": document["version"], "licence": document["licence"]}
    again = import_crd(expand_crd(document), minor=document["kubernetes"], **about)
    assert expand_crd(yaml_value(write_notation(again))) == _silent(expand_crd(document))


def _silent(crd: dict[str, Any]) -> dict[str, Any]:
    for version in crd["spec"]["versions"]:
        version["schema"]["openAPIV3Schema"] = without_prose(version["schema"]["openAPIV3Schema"])
    return crd


def test_a_users_crd_survives_import_and_expansion() -> None:
    """Limits, patterns, nullable, list keys, preserved fields, conditions: nothing is lost."""
    crd = VALID["crd"]
    document = import_crd(crd, source="here", version="1", licence="none", minor="1.36")
    again = expand_crd(yaml_value(write_notation(document)))
    assert fingerprint(again) == fingerprint(crd)


@pytest.mark.parametrize(
    ("node", "schema"),
    [
        ("list of string", {"type": "array", "items": {"type": "string"}}),
        ("map of list of int32", {"type": "object", "additionalProperties": {
            "type": "array", "items": {"type": "integer", "format": "int32"}}}),
        ({"type": "string", "enum": ["a"], "default": "a"}, {"type": "string", "enum": ["a"], "default": "a"}),
        ({"fields": {"a!": "boolean", "b": "any"}},
         {"type": "object", "properties": {"a": {"type": "boolean"}, "b": {}}, "required": ["a"]}),
        ({"items": {"fields": {"name!": "string"}}, "keys": ["name"]},
         {"type": "array",
          "items": {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]},
          "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"]}),
        ({"type": "object", "keepUnknown": True}, {"type": "object", "x-kubernetes-preserve-unknown-fields": True}),
        ("int-or-string", {"anyOf": [{"type": "integer"}, {"type": "string"}], "x-kubernetes-int-or-string": True}),
        ("Mine", {"type": "object", "properties": {"x": {"type": "number"}}}),
    ],
)  # fmt: skip
def test_the_notation_means_what_the_readme_says(node: Any, schema: dict[str, Any]) -> None:
    crd = expand_crd({
        "kubernetes": "1.36", "group": "g.example.com", "scope": "Cluster", "names": {"kind": "K", "plural": "ks"},
        "versions": {"v1": {"schema": {"fields": {"spec": node}}}}, "types": {"Mine": {"fields": {"x": "number"}}},
    })  # fmt: skip
    assert crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"] == schema


@pytest.mark.parametrize("node", ["strnig", "list of nothing", "core.v1.Tolerations", "list of"])
def test_a_type_that_does_not_exist_is_refused(node: str) -> None:
    document = {
        "kubernetes": "1.36", "group": "g.example.com", "scope": "Cluster", "names": {"kind": "K", "plural": "ks"},
        "versions": {"v1": {"schema": {"fields": {"spec": node}}}},
    }  # fmt: skip
    with pytest.raises(ValueError, match="no type is called"):
        expand_crd(document)
