""" "Use via API": a call as a line of curl and as a few lines of Python."""

from __future__ import annotations

import json
import shlex
from urllib.parse import quote, urlencode

from deepaas.client.calls import Call, Upload
from deepaas.client.description import Argument, Model

SECRET = "YOUR_SECRET"


def hidden(model: Model, call: Call) -> Call:
    """The same call without what was typed into password fields."""
    secrets = {a.name for a in model.predict or () if _is_secret(a)}

    def mask(name: str, value: str) -> str:
        return SECRET if name in secrets else value

    return Call(
        call.path,
        [(n, mask(n, v)) for n, v in call.query],
        {n: mask(n, v) for n, v in call.headers.items()},
        {n: mask(n, v) for n, v in call.cookies.items()},
        [(n, v if isinstance(v, Upload) else mask(n, v)) for n, v in call.form],
        call.body and {n: SECRET if n in secrets else v for n, v in call.body.items()},
    )


def curl(url: str, call: Call, save_as: str | None = None) -> str:
    """The call for a shell.

    Args:
        url: of the host.
        call: what is sent.
        save_as: a name for the answer, None to print it.
    """
    query = f"?{urlencode(call.query, quote_via=quote)}" if call.query else ""
    parts = [f"curl -X POST {shlex.quote(f'{url}{call.path}{query}')}"]
    headers = dict(call.headers)
    if call.body is not None:
        headers["Content-Type"] = "application/json"
    parts += [f"-H {shlex.quote(f'{name}: {value}')}" for name, value in headers.items()]
    if call.cookies:
        cookies = "; ".join(f"{name}={value}" for name, value in call.cookies.items())
        parts.append(f"-b {shlex.quote(cookies)}")
    if call.body is not None:
        parts.append(f"--data {shlex.quote(json.dumps(call.body, ensure_ascii=False))}")
    for name, value in call.form:
        if isinstance(value, Upload):
            path = value.name.replace("\\", "\\\\").replace('"', '\\"')
            file = f'{name}=@"{path}";type={value.media_type}'
            parts.append(f"-F {shlex.quote(file)}")
        elif call.files:
            parts.append(f"--form-string {shlex.quote(f'{name}={value}')}")
        else:
            parts.append(f"--data-urlencode {shlex.quote(f'{name}={value}')}")
    if save_as:
        parts.append(f"-o {shlex.quote(save_as)}")
    return " \\\n  ".join(parts)


def python(url: str, call: Call, save_as: str | None = None) -> str:
    """The call for Python with requests.

    Args:
        url: of the host.
        call: what is sent.
        save_as: a name for the answer, None to print it.
    """
    arguments = [repr(f"{url}{call.path}")]
    if call.query:
        arguments.append(f"params={_pairs(call.query)}")
    if call.headers:
        arguments.append(f"headers={call.headers!r}")
    if call.cookies:
        arguments.append(f"cookies={call.cookies!r}")
    if call.body is not None:
        arguments.append(f"json={call.body!r}")
    texts = [(name, value) for name, value in call.form if isinstance(value, str)]
    if texts:
        arguments.append(f"data={_pairs(texts)}")
    files = [
        f"({name!r}, ({value.name!r}, open({value.name!r}, 'rb'), {value.media_type!r}))"
        for name, value in call.form
        if isinstance(value, Upload)
    ]
    if files:
        arguments.append(f"files=[{', '.join(files)}]")
    lines = ["import requests", "", "response = requests.post("]
    lines += [f"    {argument}," for argument in arguments]
    lines += [")", "response.raise_for_status()"]
    if save_as:
        lines += [f"with open({save_as!r}, 'wb') as file:", "    file.write(response.content)"]
    else:
        json_asked = "json" in call.headers.get("Accept", "json")
        lines.append(f"print(response.{'json()' if json_asked else 'text'})")
    return "\n".join(lines)


def _pairs(pairs: list[tuple[str, str]]) -> str:
    names = [name for name, _ in pairs]
    return repr(dict(pairs) if len(set(names)) == len(names) else pairs)


def _is_secret(argument: Argument) -> bool:
    return argument.kind == "password"
