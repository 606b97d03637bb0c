"""The worker, ``python -m deepaas.runtime``: a process with one replica of a model.
Nothing here imports code of the host."""
