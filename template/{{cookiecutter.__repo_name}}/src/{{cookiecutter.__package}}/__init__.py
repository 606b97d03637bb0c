"""A model for DEEPaaS: `api.py` is what the host calls."""
