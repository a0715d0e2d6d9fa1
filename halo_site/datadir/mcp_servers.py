"""MCP servers of the whole site: the part `mcpServers` of config.json, as other MCP clients write it."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator


class SiteServer(BaseModel):
    """How a server is started (``command``) or reached (``url``). Secrets stand as references."""

    model_config = ConfigDict(extra="allow", frozen=True)

    transport: Literal["stdio", "sse", "streamable-http"] = "stdio"
    command: str | None = None
    args: list[str] = Field(default_factory=list)
    env: dict[str, str] = Field(default_factory=dict)
    cwd: str | None = None
    url: str | None = None
    headers: dict[str, str] = Field(default_factory=dict)
    disabled: bool = False

    @model_validator(mode="before")
    @classmethod
    def _as_others_write_it(cls, value: Any) -> Any:
        """Other programs say ``type``, and ``http``, or give an address alone."""
        if not isinstance(value, dict):
            return value
        transport = value.get("transport") or value.get("type")
        if transport is None and value.get("url") and not value.get("command"):
            transport = "streamable-http"
        if transport in {"http", "streamableHttp"}:
            transport = "streamable-http"
        return {**value, "transport": transport} if transport else value
