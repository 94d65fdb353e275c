"""What rules need to know of a resolved platform: the adapter between `platform` and `check`."""
