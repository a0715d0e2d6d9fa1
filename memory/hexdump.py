"""Bytes that are no text, as people can look at them."""

WIDTH = 16  # bytes a line
HEX_WIDTH = WIDTH * 3 - 1
SHOWN_BYTES = 4 * 1024


def hexdump(data: bytes) -> str:
    """Return the first `SHOWN_BYTES` of ``data``: offset, bytes in hex, and those that are ASCII letters."""
    return "\n".join(
        _line(offset, data[offset : offset + WIDTH])
        for offset in range(0, min(len(data), SHOWN_BYTES), WIDTH)
    )


def _line(offset: int, row: bytes) -> str:
    letters = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in row)
    return f"{offset:08x}  {row.hex(' '):<{HEX_WIDTH}}  {letters}"
