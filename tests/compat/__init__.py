"""Our host and DEEPaaS 2.6.0 side by side, serving the same packages."""
