"""What of the CNCF's AI conformance checklists a platform shows by its objects, and what by a cluster."""
