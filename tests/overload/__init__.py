"""Storms: more of everything than the host can take, and nobody else may notice."""
