"""The try-me page: every model as something people can play with.

A Gradio application in a process of its own. It is a client of a host's HTTP API, and knows
nothing of it but that: it works with any host that speaks the V2 API, DEEPaaS 2.x too.
"""
