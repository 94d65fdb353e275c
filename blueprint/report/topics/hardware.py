"""GPU products and instance types in the catalogue, for `explain` and the generated reference."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from blueprint.catalog.catalog import load_catalog
from blueprint.catalog.facts import Fact
from blueprint.catalog.hardware import MigInstance, MigPlacement, MigProfile
from blueprint.records import Record, asdict


def hardware_topics() -> dict[str, list[str]]:
    """All products and instance types, by group."""
    catalog = load_catalog()
    machines = [name for cloud in catalog.clouds for name in cloud.types]
    return {"GPU products": list(catalog.products), "instance types": machines}


def hardware_text(name: str) -> str | None:
    """A product or an instance type in Markdown, each fact with its evidence; None for other names."""
    catalog = load_catalog()
    products = {product.casefold(): product for product in catalog.products}
    known: object = catalog.gpu(products[name.casefold()]) if name.casefold() in products else None
    known = known or next((machine for cloud in catalog.clouds if (machine := cloud.machine(name))), None)
    if known is None:
        return None
    facts = "\n".join(
        f"- {fact.path.rpartition('].')[2]}: {shown(fact.value)} ({evidence_of(fact)})" for fact in facts_of(known)
    )
    return f"# {products.get(name.casefold(), name)}\n\n{facts}"


def facts_of(record: object) -> Iterator[Fact[object]]:
    """The facts in a record of the catalogue, including those of its parts."""
    if isinstance(record, Fact):
        yield record
    elif isinstance(record, Record):
        for name in record.__struct_fields__:
            yield from facts_of(getattr(record, name))


def evidence_of(fact: Fact[object]) -> str:
    """The confidence and source: `read: SOURCE`. A source that mentions that it was not verified is not repeated."""
    return fact.source if fact.source.startswith("not verified") else f"{fact.confidence}: {fact.source}"


def shown(value: object) -> str:
    """A value of the catalogue in readable form."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        return "; ".join(f"{key}: {shown(item)}" for key, item in value.items())
    if isinstance(value, tuple):
        return ", ".join(map(shown, value))
    if isinstance(value, MigProfile):
        return f"{value.name} x {value.max}"
    if isinstance(value, MigPlacement):
        return f"{value.slices} at {shown(value.starts)}"
    if isinstance(value, MigInstance):
        known = {name: number for name, number in asdict(value).items() if number is not None}
        return ", ".join(f"{name.replace('_', ' ')} {number}" for name, number in known.items())
    return str(value)
