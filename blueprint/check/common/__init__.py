"""Judgements that rules about several kinds share."""
