"""Asynchronous predictions, kept beyond their end and that of the host, for every door.

``archive`` has them, ``kept`` makes and reads what is kept of one. A door gives snapshots of its
predictions, and says in its own words what there is to tell of one that was lost.
"""
