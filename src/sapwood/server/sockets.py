"""Sockets to listen on."""

from __future__ import annotations

import ipaddress
import socket

from sapwood.errors import ConfigError


def listening_socket(host: str, port: int) -> socket.socket:
    """A socket whose connections send at once: asyncio sees to that for sockets that name TCP, others wait 40 ms."""
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        found = socket.socket(family, kind, socket.IPPROTO_TCP)
    except OSError as error:
        raise _refused(host, port, error) from error
    try:
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        found.bind(address)
        found.listen(512)
    except OSError as error:
        found.close()
        raise _refused(host, port, error) from error
    return found


def _refused(host: str, port: int, error: OSError) -> ConfigError:
    return ConfigError(
        f"can't listen on {host}:{port}: {error.strerror}",
        hint="Name another port with --port, or stop what listens there.",
    )


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach an address.

    >>> is_loopback("127.0.0.1"), is_loopback("localhost"), is_loopback("0.0.0.0")
    (True, True, False)
    """
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
