"""Packages that train."""
