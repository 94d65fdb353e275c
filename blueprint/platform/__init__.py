"""What a blueprint means: `resolve.resolve` binds it to the catalogue, `model.Platform` is the result.

Nothing is imported here: `origin` and `taint` are read by fast paths that must not load the models.
"""
