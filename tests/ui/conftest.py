"""Gradio is imported as by the page's own process."""

from deepaas.ui.stubs import without_stubs

with without_stubs():
    import gradio  # noqa: F401
