"""The mail server that notifications go through: `mail` in config.json, its password by reference."""

from ipaddress import ip_address
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

STRENGTH = ("none", "starttls", "tls")  # the first hides nothing


class MailServer(BaseModel):
    """An SMTP server. Without ``host`` none is set up. ``sender`` is written ``from``."""

    model_config = ConfigDict(extra="allow", frozen=True, populate_by_name=True)

    host: str = Field("", max_length=253)
    port: int = Field(587, ge=1, le=65_535)
    security: Literal["starttls", "tls", "none"] = "starttls"
    user: str = ""
    password: str = ""  # env:NAME or secret:NAME
    sender: str = Field("", alias="from")

    @field_validator("password")
    @classmethod
    def is_a_reference(cls, value: str) -> str:
        if value and not value.startswith(("env:", "secret:")):
            raise ValueError("must be env:NAME or secret:NAME, never the password itself")
        return value

    @property
    def is_on_this_machine(self) -> bool:
        """Whether its host is a loopback one by its name or number; names are not looked up."""
        try:
            return ip_address(self.host.strip("[]")).is_loopback
        except ValueError:
            return self.host.rstrip(".").lower() == "localhost"

    def would_learn_more(self, new: "MailServer") -> bool:
        """Whether ``new`` would be told this one's password where this one was not, or more openly."""
        moved = (self.host, self.port, self.user) != (new.host, new.port, new.user)
        return moved or STRENGTH.index(new.security) < STRENGTH.index(self.security)

    @property
    def is_set_up(self) -> bool:
        return bool(self.host and self.sender)
