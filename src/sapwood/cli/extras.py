"""The extras that a command needs."""

from __future__ import annotations

from importlib.util import find_spec

from sapwood.errors import ConfigError


def need_extra(extra: str, *packages: str) -> None:
    """ConfigError if a package of the extra is not installed."""
    missing = [name for name in packages if find_spec(name) is None]
    if missing:
        raise ConfigError(f"Not installed: {', '.join(missing)}", hint=f"pip install 'sapwood[{extra}]'")
