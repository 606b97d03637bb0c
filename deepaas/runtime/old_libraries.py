"""Imports webargs 5 and apispec 3 without setuptools, which took a third of a worker's start time.

Both import ``distutils`` to compare versions. If setuptools is installed, its shim provides another
``distutils``, which imports all of setuptools.
"""

from __future__ import annotations

import contextlib
import sys
import warnings
from collections.abc import Iterator
from importlib.metadata import version

import marshmallow


@contextlib.contextmanager
def _plain_distutils() -> Iterator[None]:
    """Use Python's own within the block, if there is one, and unload it afterwards."""
    shim = sys.modules.get("_distutils_hack")
    # Python 3.12 has none. If the model has imported it, there is nothing to gain.
    if shim is None or sys.version_info >= (3, 12) or "distutils" in sys.modules:
        yield
        return
    shim.remove_shim()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import distutils.version  # noqa: F401
    except ImportError:  # Debian removed it from Python.
        shim.add_shim()
        yield
        return
    try:
        yield
    finally:
        for name in [name for name in sys.modules if name.partition(".")[0] == "distutils"]:
            del sys.modules[name]
        shim.add_shim()


@contextlib.contextmanager
def _known_version() -> Iterator[None]:
    """Both look at the version of marshmallow, which searches for its package each time."""
    if "__version__" in vars(marshmallow):
        yield
        return
    vars(marshmallow)["__version__"] = version("marshmallow")
    try:
        yield
    finally:
        del vars(marshmallow)["__version__"]


with _plain_distutils(), _known_version():
    import apispec
    from apispec.ext.marshmallow import MarshmallowPlugin, common
    from webargs.core import dict2schema, get_value, is_multiple

__all__ = ["MarshmallowPlugin", "apispec", "common", "dict2schema", "get_value", "is_multiple"]
