"""Cog's HTTP API: every model of this host as Cog's clients expect theirs."""
