"""Runs several calls of a model together, as one batch.

The worker forms the batches, because only here the arguments are known that decide which calls can
be joined. The host sends calls ahead, and is told which of them have begun.
"""
