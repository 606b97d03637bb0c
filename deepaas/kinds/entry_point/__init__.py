"""The first kind of model: a module or class with the functions of DEEPaaS's contract.

It is found by the entry point of its package, or by its path.
"""

from __future__ import annotations

from deepaas.near_names import near

GROUP = "deepaas.v2.model"

ALIKE = 0.8
"""``deepaas.model.v2`` is 0.81 like the group, and DEEPaaS's own ``deepaas.codec`` 0.76."""


def is_near_group(group: str) -> bool:
    """Whether entry points in another group were probably meant for this one."""
    return group != GROUP and near(group, [GROUP], ALIKE) is not None
