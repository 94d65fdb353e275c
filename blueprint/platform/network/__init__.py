"""High-speed networks between nodes, and GPUDirect."""
