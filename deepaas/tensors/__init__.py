"""Tensors in all forms that they come in: bytes, arrays, nested lists, files."""
