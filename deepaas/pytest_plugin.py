"""Fixtures for the tests of a model package: its model, served by a real host."""
