"""Webhooks: requests to clients' addresses about the progress of something, for all doors.

``sender`` sends them, ``delivery`` queues them, ``kept`` stores those that the next host must send
if this one cannot. Doors provide the content.
"""
