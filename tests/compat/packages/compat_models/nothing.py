"""Not even that."""
