"""A model package for the entry point group `deepaas.v2.model`: it reads handwritten digits."""
