"""Rules about manifests alone report nothing in the output of upstream charts, and find mistakes inserted into it."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from blueprint.bundle.model import USERS, Object
from blueprint.check.rule import Capability
from blueprint.check.rule_context import NoPlatform, RuleContext
from blueprint.check.rules import all_rules
from blueprint.check.runner import RuleResults, run_rules
from blueprint.diagnostics import Severity, all_codes
from blueprint.render.canonical import canonical

FIRST, LAST = "BP6101", "BP6599"
NEEDY = {code.id for each in all_rules() for code in each.codes if each.needs - {Capability.PROMQL}}
"""Codes of rules that need more than manifests."""
KNOWN = {
    ("BP6115", "Job/kata-system/kata-deploy-rb-cleanup"),
    ("BP6301", "Secret/monitoring/alertmanager-kube-prometheus-stack-alertmanager"),
    ("BP6301", "Secret/monitoring/kube-prometheus-stack-grafana"),
}
"""Real mistakes of upstream's charts: code and object. Reviewed; the list may only shrink."""


def _folder() -> Path:
    if not os.environ.get("BLUEPRINT_REFERENCE"):
        pytest.skip("BLUEPRINT_REFERENCE does not name a folder with outputs of the upstream charts")
    return Path(os.environ["BLUEPRINT_REFERENCE"])


def _renders() -> list[str]:
    folder = os.environ.get("BLUEPRINT_REFERENCE")
    found = Path(folder).glob("*/*/case-*/rendered.yaml") if folder else ()
    return sorted(str(each.parent.relative_to(str(folder))) for each in found) or ["none"]


class Loader(yaml.CSafeLoader):
    """Reads `=` as text, as intended in upstream's definitions."""


Loader.add_constructor("tag:yaml.org,2002:value", lambda loader, node: loader.construct_scalar(node))


@cache
def _objects(render: str) -> tuple[Object, ...]:
    text = (_folder() / render / "rendered.yaml").read_text("utf-8")
    documents = [each for each in yaml.load_all(text, Loader) if isinstance(each, dict) and each.get("kind")]
    return tuple(Object(canonical(each), USERS) for each in documents if each["kind"] != "CustomResourceDefinition")


def _results(objects: Any) -> RuleResults:
    results = run_rules(RuleContext(objects, NoPlatform()))
    assert not results.failed, results.diagnostics
    return results


@pytest.mark.parametrize("render", _renders())
def test_nothing_is_reported_of_what_upstream_renders(render: str) -> None:
    _folder()
    found = _results(_objects(render)).diagnostics
    told = {(each.code.id, str(each.subject)) for each in found if FIRST <= each.code.id <= LAST}
    assert told <= KNOWN
    errors = [each for each in found if (each.override or each.code.severity) is Severity.ERROR]
    assert not [each for each in errors if FIRST <= each.code.id <= LAST]


PAGES = {
    each.id: each.page
    for each in all_codes()
    if FIRST <= each.id <= LAST and each.page and not each.page.given and each.id not in NEEDY
}


@pytest.mark.parametrize("code", PAGES)
def test_a_mistake_is_found_amid_what_upstream_renders(code: str) -> None:
    """The example together with a real set of objects: wrong ones are reported, corrected ones are not."""
    page = PAGES[code]
    around = _objects(_renders()[0])
    for text, found in ((page.bad, True), (page.good, False)):
        example = [Object(canonical(each), USERS) for each in yaml.safe_load_all(text)]
        names = {str(each.id) for each in example}
        codes = {each.code.id for each in _results([*around, *example]).diagnostics if each.subject in names}
        assert (code in codes) is found
