"""A model as the host sees it: its handle, the registry, discovery by entry point."""
