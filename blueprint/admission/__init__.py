"""Whether workloads of users fit a platform: on which pools, how many at once, or why not. No cluster is contacted."""
