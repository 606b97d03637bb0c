"""Cog's HTTP API for all models of this host."""
