"""The size of a JSON report grows linearly: sources that all pools share are not repeated for each field."""

from __future__ import annotations

import json

from blueprint.bundle.model import FieldOrigin, ObjectId
from blueprint.changes.compare import Action, FieldChange, ObjectChange
from blueprint.diagnostics import Span
from blueprint.platform.tracking.sources import GROUP_ABOVE, Source, grouped
from blueprint.report import Run
from blueprint.report.context import Context
from blueprint.report.document import document_of
from tests.support.call_counts import is_linear

TEMPLATE = Span("template.yaml", 1, 1, 1, 9)


def source(number: int) -> Source:
    return Source("blueprint", Span("blueprint.yaml", number, 1, number, 9), f"spec.nodePools.pool-{number:04}")


def run(count: int) -> Run:
    """As many changed fields as pools, each determined by its own pool and by all of them."""
    together = grouped(source(number) for number in range(count))
    fields = tuple(
        FieldChange(("spec", f"field-{number:04}"), 1, 2, FieldOrigin(TEMPLATE, (source(number), *together)))
        for number in range(count)
    )
    return Run("diff", "", changes=(ObjectChange(ObjectId("", "ConfigMap", "a", "b"), Action.UPDATE, fields),))


def test_a_report_is_linear_in_fields_that_all_pools_decide(context: Context) -> None:
    counts = (2 * GROUP_ABOVE, 4 * GROUP_ABOVE, 8 * GROUP_ABOVE)
    assert is_linear(*(len(json.dumps(document_of(run(count), context))) for count in counts))


def test_every_source_of_a_field_is_found_in_it_or_in_its_groups(context: Context) -> None:
    count = 2 * GROUP_ABOVE
    told = document_of(run(count), context)
    for number, field in enumerate(told["changes"][0]["fields"]):
        own = [each["path"] for each in field["origin"]["sources"]]
        shared = [each["path"] for group in field["origin"]["sourceGroups"] for each in told["sourceGroups"][group]]
        assert own == [source(number).path]
        assert sorted(shared) == [source(each).path for each in range(count)]
