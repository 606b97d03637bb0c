"""The worker's side: one process that holds one replica of one model.

``python -m deepaas.runtime`` is started by :mod:`deepaas.workers`. Nothing here imports
anything of the host.
"""
