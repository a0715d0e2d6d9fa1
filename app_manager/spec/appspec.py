"""The spec of an app as one typed value."""

from typing import Any, Literal

from pydantic import Field, PrivateAttr, field_validator

from app_manager.spec.fields import FilledText, Name, Part
from app_manager.spec.parts import (
    BrowserLogin,
    ConfigItem,
    Escalation,
    FilterRule,
    McpServer,
    MemoryField,
    Output,
    Requires,
    Store,
    Subscription,
)
from app_manager.spec.problem import Problem

AppType = Literal["automation", "skill", "mcp", "extension"]


class AppSpec(Part):
    """A legal app spec with canonical names; unknown keys are kept at every level.

    `AppSpec.model_validate(spec.model_dump(mode="json"))` equals `spec`. Validation by this class alone
    checks shapes; the rules between fields are checked by `parse_spec`.
    """

    spec_version: FilledText = "1"
    name: Name
    version: FilledText
    author: str | None = None
    description: FilledText
    type: AppType
    display_name: Name | None = None
    icon: str | None = None
    system_prompt: str | None = None
    permissions: list[FilledText] = Field(default_factory=list)
    requires: Requires = Field(default_factory=Requires)
    config_schema: list[ConfigItem] = Field(default_factory=list)
    subscriptions: list[Subscription] = Field(default_factory=list)
    filters: list[FilterRule] = Field(default_factory=list)
    memory_schema: dict[str, MemoryField] = Field(default_factory=dict)
    output: Output | None = None
    escalation: Escalation | None = None
    recommended_model: str | None = None
    browser_login: list[BrowserLogin] = Field(default_factory=list)
    mcp_server: McpServer | None = None
    skill_content: str | None = None
    skill_files: Any = None
    store: Store | None = None
    i18n: dict[str, dict[str, Any]] = Field(default_factory=dict)

    _warnings: tuple[Problem, ...] = PrivateAttr(default=())

    @field_validator("subscriptions", mode="before")
    @classmethod
    def _fill_ids(cls, value: Any) -> Any:
        if not isinstance(value, list):
            return value
        return [
            {**item, "id": subscription_id(index, item)} if isinstance(item, dict) else item
            for index, item in enumerate(value)
        ]

    @property
    def spec_id(self) -> str:
        """The name, trimmed; unique among the apps of a space."""
        return self.name

    @property
    def warnings(self) -> tuple[Problem, ...]:
        """What is worth saying and is not an error, in the order of the text. Not part of a dump."""
        return self._warnings

    def __eq__(self, other: object) -> bool:
        """Equal specs say the same; where they came from and what was warned about does not count."""
        return isinstance(other, AppSpec) and self.model_dump() == other.model_dump()

    __hash__ = None  # type: ignore[assignment]


def subscription_id(index: int, subscription: dict[str, Any]) -> Any:
    """The id of a subscription as written, or `sub-<index>` where none is."""
    written = subscription.get("id")
    return f"sub-{index}" if written is None else written
