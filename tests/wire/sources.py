"""Model sources of config.json that point at a provider of the tests."""

from typing import Any

from halo_site.datadir.config import update_config
from halo_site.datadir.secrets import set_secret
from tests.wire.answers import Says
from tests.wire.provider import Provider

KEY = "sk-hush-hush-0001"
MODELS = {"openai": "gpt-4o-mini", "anthropic": "claude-opus-5", "openai-compatible": "my-llama"}
WAYS = [(provider, stream) for provider in MODELS for stream in (True, False)]
NO_PATIENCE = {
    "provider_retries": 2,
    "first_retry_wait_seconds": 0.01,
    "longest_retry_wait_seconds": 0.05,
    "watch_seconds": 2,  # its thread sees nothing of a test's transaction, and takes the run for lost
}


def source(provider: Provider, kind: str, stream: bool = True, **more: Any) -> dict[str, Any]:
    """One source, as config.json has it; ``more`` are other values of it."""
    return {
        "id": "main",
        "name": "My provider",
        "provider": kind,
        "model": MODELS[kind],
        "apiKey": "secret:key",
        "baseUrl": provider.url,
        "allowPrivate": True,
        "stream": stream,
        "quietSeconds": 5,
        **more,
    }


def use(*sources: dict[str, Any]) -> None:
    """Make these the site's sources, the first the default and the others what it falls back to."""
    set_secret("key", KEY)
    ids = [item["id"] for item in sources]
    update_config("aiSources", {"currentId": ids[0], "fallbackIds": ids[1:], "sources": list(sources)})
    update_config("runs", NO_PATIENCE)


def reports(message: str = "The kettle costs 20.", kind: str = "run_complete", **facts: Any) -> Says:
    """An answer that reports and does nothing else."""
    return Says(calls=(("report_to_user", {"type": kind, "message": message}),), **facts)
