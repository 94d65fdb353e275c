"""Completes a blueprint before it is resolved: instance types, product names, users' hardware files."""
