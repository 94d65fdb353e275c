"""Unanchored regular expressions for Kubernetes names, which Python, Go and Rust interpret in the same way. Imports
only the standard library.

`kubernetes/names.py` describes the errors in a name.
"""

DNS_LABEL = r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?"
DNS_SUBDOMAIN = rf"{DNS_LABEL}(\.{DNS_LABEL})*"
LABEL_NAME = r"[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?"
"""The part of a label key after the slash, and label values."""
