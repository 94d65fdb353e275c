"""How workloads queue for GPUs: flavors, queues and cohorts that follow from pools and tenants."""
