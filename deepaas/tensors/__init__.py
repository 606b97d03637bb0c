"""Tensors in all their forms: bytes, arrays, nested lists, files."""
