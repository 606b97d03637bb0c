"""webargs 5 and apispec 3 without setuptools, which took a third of a worker's time to start.

Both want ``distutils`` to compare versions. Where setuptools is installed, a shim of it gives its
own ``distutils`` instead, with all of setuptools behind it.
"""

from __future__ import annotations

import contextlib
import sys
import warnings
from collections.abc import Iterator


@contextlib.contextmanager
def _plain_distutils() -> Iterator[None]:
    """Python's own within, if there is one; afterwards it is as if nobody had asked for any."""
    shim = sys.modules.get("_distutils_hack")
    # Python 3.12 has none. If the model's code was first, there is nothing to be saved.
    if shim is None or sys.version_info >= (3, 12) or "distutils" in sys.modules:
        yield
        return
    shim.remove_shim()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import distutils.version  # noqa: F401
    except ImportError:  # Debian has taken it out of Python.
        shim.add_shim()
        yield
        return
    try:
        yield
    finally:
        for name in [name for name in sys.modules if name.partition(".")[0] == "distutils"]:
            del sys.modules[name]
        shim.add_shim()


with _plain_distutils():
    import apispec
    from apispec.ext.marshmallow import MarshmallowPlugin, common
    from webargs.core import dict2schema, get_value, is_multiple

__all__ = ["MarshmallowPlugin", "apispec", "common", "dict2schema", "get_value", "is_multiple"]
