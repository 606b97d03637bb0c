"""Kinds of model, a folder for each, which nobody else names: they are found by their entry points.

A kind has a half for the host (:mod:`deepaas.model.kinds`), one for the worker
(:mod:`deepaas.runtime.kinds`) and, where the usual check is not enough, one for
:mod:`deepaas.check`. The halves do not import each other.
"""
