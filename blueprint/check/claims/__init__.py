"""Checks of device claims (DRA) that are shared by the rules for claims, templates and classes."""
