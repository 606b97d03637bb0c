"""Reads the options of the host with oslo.config."""

from deepaas.config.early import given_early
from deepaas.config.environment import names_by_key, remarks
from deepaas.config.options import door_options, list_opts
from deepaas.config.reading import load

__all__ = ["door_options", "given_early", "list_opts", "load", "names_by_key", "remarks"]
