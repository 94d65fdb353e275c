"""Regular expressions of Kubernetes names, unanchored, that Python, Go and Rust read alike. Standard library only.

`kubernetes/names.py` says in words what is wrong with a name.
"""

DNS_LABEL = r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?"
DNS_SUBDOMAIN = rf"{DNS_LABEL}(\.{DNS_LABEL})*"
LABEL_NAME = r"[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?"
"""The part of a label's key after the slash, and a label's value."""
