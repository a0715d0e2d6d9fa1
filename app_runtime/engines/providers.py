"""Connections to the providers of model sources: through the guard for outbound HTTP, nothing tried twice."""

from dataclasses import dataclass
from typing import Any

import httpx2
from anthropic import AsyncAnthropic
from openai import AsyncOpenAI
from pydantic_ai.models import Model
from pydantic_ai.models.anthropic import AnthropicModel
from pydantic_ai.models.openai import OpenAIChatModel
from pydantic_ai.providers.anthropic import AnthropicProvider
from pydantic_ai.providers.openai import OpenAIProvider
from pydantic_ai.providers.openai_compatible import OpenAICompatibleProvider

from app_runtime.engines.ending import Ending
from app_runtime.exceptions import EngineError
from halo_site import outbound
from halo_site.datadir.ai_sources import ModelSource
from halo_site.datadir.secrets import SecretMissing, resolve

# Their own addresses, given always: the variables OPENAI_BASE_URL and the like must not send a key elsewhere.
ADDRESSES = {"openai": "https://api.openai.com/v1", "anthropic": "https://api.anthropic.com"}
NO_KEY = "none"  # what a server without keys is sent; the libraries want one


@dataclass(frozen=True)
class Connection:
    """A model that can be asked, and the client that has to be closed after it."""

    model: Model[Any]
    client: httpx2.AsyncClient
    ending: Ending

    async def close(self) -> None:
        await self.client.aclose()


def connect(source: ModelSource) -> Connection:
    """Make the source's model. Raises `EngineError` where its key is missing."""
    key = _key(source)
    client, ending = _client(source)
    address = source.base_url or ADDRESSES[source.provider]
    if source.provider == "anthropic":
        talker = AsyncAnthropic(
            api_key=key, base_url=address.removesuffix("/v1"), http_client=client, max_retries=0
        )
        return Connection(
            AnthropicModel(source.model, provider=AnthropicProvider(anthropic_client=talker)), client, ending
        )
    openai = AsyncOpenAI(api_key=key, base_url=address, http_client=client, max_retries=0)
    if source.provider == "openai":
        return Connection(
            OpenAIChatModel(source.model, provider=OpenAIProvider(openai_client=openai)), client, ending
        )
    compatible = OpenAICompatibleProvider(source.id, openai_client=openai)
    return Connection(OpenAIChatModel(source.model, provider=compatible), client, ending)


def _client(source: ModelSource) -> tuple[httpx2.AsyncClient, Ending]:
    """A client whose answers are watched; not compressed, so that the end of a stream can be seen."""
    client = outbound.client(
        any_private=source.allow_private,
        quiet_seconds=source.quiet_seconds,
        redirects=0,
        headers={"Accept-Encoding": "identity"},
    )
    ending = Ending()
    client.event_hooks = {"request": [], "response": [ending.watch]}
    return client, ending


def _key(source: ModelSource) -> str:
    if not source.api_key:
        if source.provider != "openai-compatible":
            raise _unasked(f"{source.name} has no key. Give it one in the settings, under Models.")
        return NO_KEY
    try:
        key = resolve(source.api_key)
    except SecretMissing as error:
        raise _unasked(f"The key of {source.name} is missing: {error}") from error
    if not key.strip():
        raise _unasked(f"The key of {source.name}, {source.api_key}, is empty.")
    return key.strip()


def _unasked(sentence: str) -> EngineError:
    return EngineError(sentence, kind="auth", is_free=True)
