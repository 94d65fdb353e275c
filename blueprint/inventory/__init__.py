"""The inventory that an apply stores in the cluster: its members, the state of each one afterwards, and what was
applied.
"""
