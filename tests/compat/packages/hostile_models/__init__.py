"""Model packages that bring a fault of DEEPaaS 2.6.0 to light, as small as they can be."""
