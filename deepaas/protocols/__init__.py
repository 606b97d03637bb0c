"""Protocols: each door is a package. This one is light, because workers import codecs of doors."""
