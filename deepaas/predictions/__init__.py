"""Asynchronous predictions, stored after their end and that of the host, for all doors.

``archive`` stores them, ``kept`` writes and reads their records. A door provides snapshots of its
predictions, and the documents of those that were lost.
"""
