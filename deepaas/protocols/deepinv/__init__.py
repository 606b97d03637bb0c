"""The protocol of DeepInverse's client, ``deepinv.models.Client``.

https://deepinv.github.io/deepinv/api/stubs/deepinv.models.Client.html
"""
