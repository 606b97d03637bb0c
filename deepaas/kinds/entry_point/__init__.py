"""The first kind of model: functions by the names of DEEPaaS's contract, in a module or a class.

It is found by its package's entry point, or by its path.
"""

GROUP = "deepaas.v2.model"
