class MemoryRefused(Exception):
    """Memory was not read or not changed; the message is a sentence for whoever asked."""
