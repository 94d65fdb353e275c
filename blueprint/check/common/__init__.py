"""Checks that are shared by rules for several kinds."""
