"""Webhooks: addresses of clients that are told how something goes on, for every door.

``sender`` calls them, ``delivery`` has what is left to tell, ``kept`` notes in the store what must
be told by the next host if this one cannot. What there is to tell is the door's business.
"""
