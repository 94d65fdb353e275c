"""Labels, taints and selectors of nodes."""
