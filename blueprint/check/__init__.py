"""Checks of rendered objects: schemas, names, references, rules. The entry point is `objects.check_objects`."""
