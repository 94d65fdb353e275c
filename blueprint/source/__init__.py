"""Reads documents into values with locations, and merges the layers of a blueprint."""
