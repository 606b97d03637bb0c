"""INI files: finds and parses them, and rejects unknown keys."""

from __future__ import annotations

import difflib
import logging
from collections.abc import Sequence
from pathlib import Path

from oslo_config import cfg

from deepaas.config.options import older, options
from deepaas.errors import ConfigError
from deepaas.options import DoorOptions

IGNORED_KEYS = frozenset(
    [
        "debug_stream",
        "default_log_levels",
        "fatal_deprecations",
        "instance_format",
        "instance_uuid_format",
        "log_color",
        "log_config_append",
        "log_date_format",
        "log_dir",
        "log_rotate_interval",
        "log_rotate_interval_type",
        "log_rotation_type",
        "logging_context_format_string",
        "logging_debug_format_suffix",
        "logging_default_format_string",
        "logging_exception_prefix",
        "logging_user_identity_format",
        "max_logfile_count",
        "max_logfile_size_mb",
        "publish_errors",
        "rate_limit_burst",
        "rate_limit_except_level",
        "rate_limit_interval",
        "syslog_log_facility",
        "use_eventlog",
        "use_journal",
        "use_json",
        "use_stderr",
        "use_syslog",
        "watch_log_file",
    ]
)
"""Keys of oslo.log in sample files of DEEPaaS 2.x: they cause a warning, not an error."""


def files(conf: cfg.ConfigOpts) -> list[Path]:
    files = [Path(name) for name in conf.config_file or []]
    for folder in conf.config_dir or []:
        files += sorted(Path(folder).expanduser().glob("*.conf"))
    return files


def sections(file: Path) -> dict[str, dict[str, list[str]]]:
    sections: dict[str, dict[str, list[str]]] = {}
    cfg.ConfigParser(str(file), sections).parse()
    return sections


def check_keys(conf: cfg.ConfigOpts, doors: Sequence[DoorOptions]) -> None:
    """Raise ``ConfigError`` for unknown keys; misspelt ones would silently have no effect."""
    known = {"DEFAULT": {option.dest for option in options()}}
    for door in doors:
        if door.kind:
            known[door.section] = {field.name for field in door.fields}
            known["DEFAULT"] |= {option.dest for option in older(door)}
    for file in files(conf):
        for given, keys in sections(file).items():
            # As in oslo.config.
            section = given if given == "DEFAULT" else given.lower()
            if section in known:
                for key in keys:
                    _check_key(file, section, key, known[section])
            elif close := difflib.get_close_matches(section.replace("-", "_"), known, 1, 0.8):
                # Other sections may belong to other programs.
                raise ConfigError(f"{file}: unknown section [{given}]. Did you mean [{close[0]}]?")


def _check_key(file: Path, section: str, key: str, known: set[str]) -> None:
    default = section == "DEFAULT"
    if default and key in IGNORED_KEYS:
        logging.getLogger(__name__).warning("%s: %s no longer has any effect", file, key)
    elif key not in known:  # Also a dash instead of an underscore, which oslo.config ignores.
        close = difflib.get_close_matches(key, known, 1)
        hint = f". Did you mean {close[0]}?" if close else "."
        where = "" if default else f" in [{section}]"
        raise ConfigError(f"{file}: unknown option {key!r}{where}{hint}")
