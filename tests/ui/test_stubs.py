"""Gradio makes no stubs of its components."""

import inspect
import subprocess
import sys

import gradio.component_meta
import gradio.events

IMPORT = """
import sys
from deepaas.ui.stubs import without_stubs

stubs = set()
sys.addaudithook(
    lambda event, told: stubs.add(told[0]) if event == "open" and ".pyi" in str(told[0]) else None
)
with without_stubs():
    import gradio
templates = sum("{{" in (event.listener.__doc__ or "") for event in gradio.Textbox.EVENTS)
print(len(stubs), templates == len(gradio.Textbox.EVENTS), gradio.Textbox(value="a").value)
"""


def test_no_stub_is_looked_at_and_no_template_filled_in() -> None:
    command = [sys.executable, "-c", IMPORT]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["0", "True", "a"]


def test_gradio_still_makes_them_by_itself() -> None:
    """Once it does not any more, `deepaas/ui/stubs.py` can go."""
    source = inspect.getsource(gradio.component_meta)
    assert "def create_or_modify_pyi(" in source
    assert "\n        create_or_modify_pyi(component_class, name, events)\n" in source
    source = inspect.getsource(gradio.component_meta.ComponentMeta)
    assert "\n            trigger.set_doc(component=name)\n" in source
    assert "def set_doc(self, component: str):" in inspect.getsource(gradio.events)
