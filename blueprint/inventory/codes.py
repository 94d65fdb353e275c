"""Diagnostic codes for an unusable inventory (BP7020, BP7021)."""

from blueprint.diagnostics import define

INVENTORY_DAMAGED = define(
    "BP7020",
    "inventory-damaged",
    """
The record of what was applied (a ConfigMap `blueprint-NAME` and its parts) exists but cannot be trusted: a
part is missing, or its content does not match its checksum. It was edited, or a restore lost part of it.
Objects are still recognised by label and field manager. Delete the damaged ConfigMaps; the next apply writes a new record.
""",
)
INVENTORY_FOREIGN = define(
    "BP7021",
    "inventory-foreign",
    """
A ConfigMap with the name of this blueprint's record exists, but belongs to something else: its ApplySet id or
its tooling annotation is not ours. It is left alone. Rename the blueprint, or remove that ConfigMap if it is
a leftover.
""",
)
