"""Which addresses of the network mean the same machine for everybody, and which one of ours."""

import ipaddress
import socket
import unicodedata

NAT64 = ipaddress.IPv6Network("64:ff9b::/96")  # RFC 6052: the last 32 bits are an IPv4 address
Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def is_public(address: Address) -> bool:
    """Whether anybody on the Internet means the same machine by this address.

    Addresses that carry an IPv4 address inside (mapped, 6to4, Teredo, NAT64) are what that one is.
    """
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour or (address.teredo or (None, None))[1]
        if address in NAT64:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(inner)
        if address.is_site_local:
            return False
    return address.is_global and not address.is_multicast and not address.is_reserved


def literal(host: str) -> Address | None:
    """The address that a host is outright, in every spelling that resolvers take; None for a name.

    127.1, 2130706433 and 0x7f000001 are 127.0.0.1, and so are full-width digits.
    """
    plain = unicodedata.normalize("NFKC", host).rstrip(".").partition("%")[0]  # a zone is no part of it
    try:
        return ipaddress.ip_address(plain)
    except ValueError:
        pass
    try:
        return ipaddress.IPv4Address(socket.inet_aton(plain))
    except (OSError, UnicodeError, ValueError):
        return None
