"""Cog's HTTP API of real hosts. (Not ``tests/cog``: that would stand in the way of Cog itself.)"""
