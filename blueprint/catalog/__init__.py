"""Facts as data: GPU products, releases, components. Every value has its source and its line."""
