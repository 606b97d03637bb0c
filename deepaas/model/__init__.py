"""Models in the host: their handles, the registry, discovery, reloading."""
