"""What an author can do about an error that keeps a model from being loaded."""

from __future__ import annotations

import difflib
import re
import shutil
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

from deepaas.runtime.failures import CannotBeServed, text

_PACKAGES = {
    "Bio": "biopython",
    "PIL": "pillow",
    "attr": "attrs",
    "bs4": "beautifulsoup4",
    "cv2": "opencv-python-headless",
    "dateutil": "python-dateutil",
    "dotenv": "python-dotenv",
    "fitz": "pymupdf",
    "git": "gitpython",
    "osgeo": "gdal",
    "pkg_resources": "setuptools",
    "serial": "pyserial",
    "skimage": "scikit-image",
    "sklearn": "scikit-learn",
    "yaml": "pyyaml",
}
"""Modules whose distributions have other names."""

_SYSTEM_LIBRARIES = {
    "libGL.so": "libgl1",
    "libglib-2.0.so": "libglib2.0-0",
    "libgthread-2.0.so": "libglib2.0-0",
    "libgomp.so": "libgomp1",
    "libsndfile.so": "libsndfile1",
    "libXext.so": "libxext6",
    "libSM.so": "libsm6",
}
"""Which package of Debian and Ubuntu brings a library."""

_NO_GPU = re.compile(
    r"NVIDIA driver|not compiled with CUDA|is_available\(\) is False|no CUDA|CUDA driver|"
    r"CUDA_ERROR|libcuda|libcudart|libcublas|libcudnn|cuInit",
    re.IGNORECASE,
)

_NO_GPU_MEMORY = re.compile(r"CUDA out of memory|CUDA_ERROR_OUT_OF_MEMORY", re.IGNORECASE)

_CODE_ERRORS = (
    *(AttributeError, CannotBeServed, ImportError, LookupError, NameError, SyntaxError),
    *(SystemExit, TypeError, ValueError),
)


_OLD_OPTION = re.compile(r"Field.*unexpected keyword argument '(default|missing)'")
"""What fields of marshmallow 4 do not have any more."""


_NO_SELF = re.compile(r"(\w+)\(\) takes 0 positional arguments but 1 was given")


def is_permanent(error: BaseException) -> bool:
    """Whether nothing but a change of the code, or of what is installed, can mend it."""
    if any(isinstance(one, OSError) for one in _with_causes(error)):
        return False  # A file that is still to come, a host that does not answer yet.
    return isinstance(error, _CODE_ERRORS) and not _NO_GPU.search(text(error))


def _with_causes(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__


def advice(error: BaseException, work_in: Path | None = None) -> str:
    """What to do, as one sentence without a full stop; empty where only its author can tell.

    `work_in`: where the author's relative paths begin, the working directory by default.
    """
    said = text(error)
    if isinstance(error, ModuleNotFoundError):
        return _missing_module(error)
    if _NO_GPU_MEMORY.search(said):
        return "stop other programs that use the GPU, or start fewer workers (--workers)"
    if _NO_GPU.search(said):
        return (
            "no GPU is available here: choose the device in the code ('cuda' if "
            "torch.cuda.is_available() else 'cpu', and map_location for weights), or run this "
            "on a machine with a GPU"
        )
    if isinstance(error, ImportError):
        return _import_error(error)
    if isinstance(error, AttributeError):
        return _near_attribute(error)
    if isinstance(error, SyntaxError):
        return "correct this line"
    if isinstance(error, TypeError) and (wrong := _OLD_OPTION.search(said)):
        return f"write load_default= instead of {wrong[1]}="
    if isinstance(error, TypeError) and (method := _NO_SELF.search(said)):
        return f"write def {method[1]}(self)"
    if isinstance(error, SystemExit):
        return 'move code for the command line below if __name__ == "__main__":'
    if isinstance(error, FileNotFoundError):
        return _missing_file(error, work_in or Path.cwd())
    return ""


def _missing_module(error: ModuleNotFoundError) -> str:
    if isinstance(error, metadata.PackageNotFoundError):
        return f"install the project, so that it has metadata: {pip('-e .')}"
    name = str(error.name)
    top = name.partition(".")[0]
    if top in sys.modules or "." in name:
        package, _, inner = name.rpartition(".")
        return f"correct the name: there is no {inner} in {package}"
    if top in _PACKAGES:
        return pip(_PACKAGES[top])
    near = near_module(top)
    # Not "pip install" of a misspelt name: anybody can publish something under it.
    return f"did you mean {near}? If not, install the package with {top}" if near else pip(top)


def near_module(name: str) -> str:
    """A module, installed or well known, that has nearly this name; empty if there is none."""
    there = {*sys.stdlib_module_names, *metadata.packages_distributions(), *sys.modules, *_PACKAGES}
    near = difflib.get_close_matches(name, there, 1, 0.8)
    return near[0] if near else ""


def _near_attribute(error: AttributeError) -> str:
    """Other than Python, also where somebody else prints the traceback."""
    if error.obj is None or not error.name:
        return ""
    public = [name for name in dir(error.obj) if not name.startswith("_")]
    near = difflib.get_close_matches(error.name, public, 1)
    return f"did you mean {near[0]}?" if near else ""


def pip(what: str) -> str:
    """The command that installs something for this interpreter, as its user would type it."""
    own = Path(sys.executable)
    found = shutil.which("pip")
    is_own = found is not None and Path(found).parent == own.parent
    return f"pip install {what}" if is_own else f"{own} -m pip install {what}"


def _import_error(error: ImportError) -> str:
    said = text(error)
    if "beyond top-level" in said:
        return "the parent folder is not a package: import it by its name, or add an __init__.py"
    if "relative import" in said:
        return "use import NAME for a file next to this one, or add an __init__.py to the folder"
    for library, package in _SYSTEM_LIBRARIES.items():
        if library in said:
            return f"install the missing system library: apt-get install {package}"
    wanted = re.search(r"cannot import name '(\w+)'", said)
    module = sys.modules.get(str(error.name))
    if wanted is None or module is None:
        return ""
    if "partially initialized" in said:
        return "two files import each other: import one of them in the function that needs it"
    near = difflib.get_close_matches(wanted[1], dir(module), 1)
    return f"write {near[0]}: {error.name} has that" if near else f"{error.name} has no {wanted[1]}"


def _missing_file(error: FileNotFoundError, work_in: Path) -> str:
    name = str(error.filename or "")
    if not name or Path(name).is_absolute():
        return f"put {name} there, or correct the path" if name else ""
    beside = f"Path(__file__).parent / {name!r} is beside the code"
    return f"relative paths begin in {work_in}; {beside}"
