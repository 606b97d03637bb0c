"""The first kind of model: a module or class with the functions of DEEPaaS's contract.

It is found by the entry point of its package, or by its path.
"""

GROUP = "deepaas.v2.model"
