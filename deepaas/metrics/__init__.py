"""Numbers for a monitoring system, and their text format; independent of what is measured."""
