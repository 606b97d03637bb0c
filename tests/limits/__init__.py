"""Limits of calls: in a time, at once and in bytes; per key, per address and per model."""
