"""The meaning of a blueprint: `resolve.resolve` binds it to the catalogue, `model.Platform` is the result.

Nothing is imported here: `origin` and `taint` are used by fast paths that must not load the models.
"""
