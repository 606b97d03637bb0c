"""The try-me page: every model as something people can play with.

A Gradio application in a process of its own. It knows of a host nothing but its V2 API, so it works
with any that has it, DEEPaaS 2.x too.
"""
