"""DEEPaaS: a host for machine-learning models.

A model package exposes ``get_metadata``, ``get_predict_args``/``predict``,
``get_train_args``/``train`` and ``warm`` behind an entry point of the group
``deepaas.v2.model``; ``deepaas-run`` serves it.
"""

__version__ = "2.7.0"
