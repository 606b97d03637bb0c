"""Reads the author's files and folders without running code."""
