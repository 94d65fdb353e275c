"""Facts as data: GPU products, releases, components. Every value knows its source and its line."""
