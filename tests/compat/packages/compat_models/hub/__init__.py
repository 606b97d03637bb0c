"""A package after the AI4OS template: its interface is a package, not a module."""
