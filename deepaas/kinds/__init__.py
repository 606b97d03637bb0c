"""Kinds of model, one folder each. No other code refers to them: entry points lead to them.

A kind has a part for the host (:mod:`deepaas.model.kinds`), a part for the worker
(:mod:`deepaas.runtime.kinds`) and, if the standard check is not enough, a part for
:mod:`deepaas.check`. These parts do not import each other.
"""
