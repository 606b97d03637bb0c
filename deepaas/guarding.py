"""Who may use the host and how much, from the options: keys, logins and limits.

Nothing that is off is imported.
"""

from __future__ import annotations

import asyncio
import importlib
import os
import secrets
from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING

from deepaas.settings import Settings
from deepaas.training.state_directory import default_directory

if TYPE_CHECKING:
    from deepaas.access.host_keys import HostKeys
    from deepaas.web.limiter import CallLimits
    from deepaas.web.login import Login
    from deepaas.web.on_behalf import OnBehalf


def build_keys(settings: Settings) -> HostKeys | None:
    """The keys that clients need; None if there are none, and all clients may do everything.

    Raises:
        ConfigError: they cannot be read.
    """
    path = keys_path(settings)
    is_given = settings.api_key_file or "DEEPAAS_API_KEY" in os.environ
    if not (settings.keys_file or is_given or _is_there(path, strict=bool(settings.state_dir))):
        return None
    # Imported late: a host without keys does not need it.
    module = importlib.import_module("deepaas.access.host_keys")
    given = module.given_key(os.environ, settings.api_key_file)
    keys: HostKeys | None = module.open_keys(path, bool(settings.keys_file), given)
    return keys


def keys_path(settings: Settings) -> Path:
    """Where the file of keys is, if there is one."""
    if settings.keys_file:
        return Path(settings.keys_file).expanduser()
    state = Path(settings.state_dir).expanduser() if settings.state_dir else None
    return (state or default_directory(os.environ)) / "keys.json"


def _is_there(path: Path, *, strict: bool) -> bool:
    try:
        path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:
        # A default directory that this user cannot enter was never meant for this host.
        return strict
    return True


def build_login(settings: Settings, keys: HostKeys) -> Login:
    from deepaas.access.sessions import Sessions, open_secret
    from deepaas.web.login import Login

    state = Path(settings.state_dir).expanduser() if settings.state_dir else None
    secret = open_secret(state or default_directory(os.environ))
    return Login(Sessions(keys.ring, secret), settings.base_path)


def build_on_behalf(settings: Settings, keys: HostKeys | None) -> OnBehalf | None:
    """None if the host treats all visitors of the try-me page alike."""
    if keys is None and not settings.oidc_issuer and not any(_limits(settings)):
        return None
    from deepaas.web.on_behalf import OnBehalf

    return OnBehalf(secrets.token_bytes(32))


def build_limits(
    settings: Settings, models: Collection[str], behalf: OnBehalf | None, *, has_keys: bool
) -> CallLimits | None:
    """None if there are no limits. Keys may have some of their own, also those that come later."""
    texts = _limits(settings)
    if not any(texts) and not has_keys:
        return None
    from deepaas.limits.reading import read
    from deepaas.web.limiter import CallLimits

    return CallLimits(read(*texts, models), behalf)


async def share_limits(settings: Settings, limits: CallLimits, host_mark: str) -> None:
    """Count together with other hosts that use the same PostgreSQL database, until cancelled."""
    if not settings.database_url.startswith("postgresql"):
        return
    module = await asyncio.to_thread(importlib.import_module, "deepaas.limits.shared")
    await module.SharedCounts(limits.limiter, settings.database_url, host_mark).run()


def _limits(settings: Settings) -> tuple[str, str, str]:
    return settings.limit_per_address, settings.limit_per_key, settings.limit_per_model
