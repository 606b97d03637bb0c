"""Formats a request as a curl command to copy. Everything is quoted for the shell."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

_PLAIN_PATH = re.compile(r"[\w./-]+")


@dataclass(frozen=True)
class LocalFile:
    """A file of the caller; the media type is optional."""

    path: str
    media_type: str = ""


def curl(
    url: str,
    *,
    headers: Mapping[str, str] | None = None,
    cookies: Mapping[str, str] | None = None,
    body: Any = None,
    data: str | LocalFile | None = None,
    form: Iterable[tuple[str, str | LocalFile]] = (),
    save_as: str | None = None,
) -> str:
    """A POST of a JSON body, of raw ``data``, or of a form, which is multipart if it has a file.

    ``url`` includes the query; for text data, the headers have the media type.
    """
    form = list(form)
    several = any(isinstance(value, LocalFile) for _, value in form)
    told = dict(headers or {})
    if body is not None:
        told["Content-Type"] = "application/json"
    if isinstance(data, LocalFile):
        told["Content-Type"] = data.media_type or "application/octet-stream"
    parts = [f"curl -X POST '{url}'" if "'" not in url else f"curl -X POST {shlex.quote(url)}"]
    parts += [f"-H {shlex.quote(f'{name}: {value}')}" for name, value in told.items()]
    if cookies:
        pairs = "; ".join(f"{name}={value}" for name, value in cookies.items())
        parts.append(f"-b {shlex.quote(pairs)}")
    if body is not None:
        parts.append(f"--data {shlex.quote(json.dumps(body, ensure_ascii=False))}")
    if isinstance(data, LocalFile):
        parts.append(f"--data-binary {shlex.quote(f'@{data.path}')}")
    elif data is not None:
        parts.append(f"--data-raw {shlex.quote(data)}")
    for name, value in form:
        if isinstance(value, LocalFile):
            parts.append(f"-F {shlex.quote(f'{name}=@{_file(value)}')}")
        else:
            option = "--form-string" if several else "--data-urlencode"
            parts.append(f"{option} {shlex.quote(f'{name}={value}')}")
    if save_as:
        parts.append(f"-o {shlex.quote(save_as)}")
    return " \\\n  ".join(parts)


def _file(file: LocalFile) -> str:
    path = file.path
    if not _PLAIN_PATH.fullmatch(path):
        path = '"{}"'.format(path.replace("\\", "\\\\").replace('"', '\\"'))
    return f"{path};type={file.media_type}" if file.media_type else path
