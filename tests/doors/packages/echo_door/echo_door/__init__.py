"""A door that is not the host's own."""
