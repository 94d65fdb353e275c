"""The tenants of the platform: groups and tenants, their namespaces, permissions and quotas."""
