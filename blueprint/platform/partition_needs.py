def partition_needs(pool, platform):
    yield from ()
