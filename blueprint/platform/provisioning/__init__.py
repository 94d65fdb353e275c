"""Pools whose nodes Karpenter creates: NodePools, node classes, limits."""
