"""The options: how they are declared to oslo.config, read, and complained about."""

from deepaas.config.environment import names_by_key, remarks
from deepaas.config.options import door_options, list_opts
from deepaas.config.reading import load

__all__ = ["door_options", "list_opts", "load", "names_by_key", "remarks"]
