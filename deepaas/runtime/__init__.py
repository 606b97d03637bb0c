"""The worker's side, ``python -m deepaas.runtime``: one process with one replica of one model.
Nothing here imports anything of the host."""
