"""The inventory that an apply keeps in the cluster: its members, how each looked afterwards, what was applied."""
