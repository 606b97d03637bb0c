"""The first kind of model: a Python package found by its entry point."""

GROUP = "deepaas.v2.model"
