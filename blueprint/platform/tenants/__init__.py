"""Who shares the platform: groups and tenants, their namespaces, rights and quotas."""
