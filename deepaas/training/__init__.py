"""Durable trainings: the store of runs, their folders, their processes, and what is seen of them.

Each run is a process of its own with a folder of its own. The store knows of it before the
process starts, and every change of its state is guarded by the state that it comes from.
"""
