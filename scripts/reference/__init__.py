"""The generated parts of the pages in ``docs/reference``: ``python -m scripts.reference``.

A page there is prose with generated parts between two comments::

    <!-- generated: options -->
    …
    <!-- end of generated -->

The command writes all parts anew from the code; ``tests/docs/test_reference.py`` fails when one is
stale. Each part has a module with a function of no arguments that gives back Markdown.
"""
