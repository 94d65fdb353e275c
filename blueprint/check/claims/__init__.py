"""Judgements of claims of devices (DRA), which the rules about claims, templates and classes share."""
