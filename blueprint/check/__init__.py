"""Checks of rendered objects: schemas, names, references, rules. `objects.check_objects` is the entry."""
