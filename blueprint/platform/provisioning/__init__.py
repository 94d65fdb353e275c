"""Pools whose nodes Karpenter makes: node pools, node classes, limits."""
