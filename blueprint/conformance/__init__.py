"""Evidence for the CNCF's AI conformance checklists, from a platform's objects and from a cluster."""
