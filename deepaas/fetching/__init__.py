"""Requests to URLs that clients provide: which are allowed, and downloads of files.

For all doors: ``addresses`` checks them, ``fetcher`` downloads the files.
"""
