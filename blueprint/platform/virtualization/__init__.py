"""Nodes that run virtual machines."""
