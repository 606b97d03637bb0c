"""Limits of calls: how many in a time, how many at once, and how many bytes."""
