"""Calls to addresses that clients name: which may be called, and files that are fetched from them.

For every door: ``addresses`` is the guard, ``fetcher`` gets the files.
"""
