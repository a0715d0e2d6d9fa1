"""The process that reads one page: HTML on its standard input, markdown on its standard output.

It is started by its path and imports nothing of ours, so that it starts quickly and knows no secret.
"""

import resource
import sys


def main(address: str, seconds: str, size: str) -> None:
    """Read the page of this address within limits: seconds of CPU time, bytes of address space."""
    resource.setrlimit(resource.RLIMIT_CPU, (int(seconds), int(seconds)))
    resource.setrlimit(resource.RLIMIT_AS, (int(size), int(size)))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    html = sys.stdin.buffer.read().decode("utf-8", "replace")
    sys.stdout.buffer.write(extracted(html, address).encode("utf-8", "replace"))


def extracted(html: str, address: str) -> str:
    """Title and text of a page, as markdown with links; empty for one without any."""
    import trafilatura

    text = trafilatura.extract(
        html,
        url=address,
        output_format="markdown",
        include_links=True,
        include_tables=True,
        favor_recall=True,
    )
    document = trafilatura.extract_metadata(html, default_url=address)
    title = document.title if document is not None else None
    return "\n\n".join(part for part in (f"# {title}" if title else "", text or "") if part)


if __name__ == "__main__":
    main(*sys.argv[1:])
