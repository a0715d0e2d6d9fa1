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

    spec_version: FilledText = Field("1", description="the version of this format")
    name: Name = Field(description="the app's name; unique in its space", examples=["Price Watch"])
    version: FilledText = Field(description="the app's version, in quotes", examples=["1.0"])
    author: str | None = Field(None, description="who wrote the app")
    description: FilledText = Field(description="in a sentence, what the app does")
    type: AppType = Field(description="of what kind it is; an automation runs by itself")
    display_name: Name | None = Field(None, description="what people call it, where that is not the name")
    icon: str | None = Field(None, description="the name of a picture, or an emoji")
    system_prompt: str | None = Field(None, description="what the app does and how: its instructions")
    permissions: list[FilledText] = Field(
        default_factory=list, description="what it asks for; a person grants or denies each"
    )
    requires: Requires = Field(default_factory=Requires, description="what must be there for the app to work")
    config_schema: list[ConfigItem] = Field(
        default_factory=list, description="the form that a person fills in when installing"
    )
    subscriptions: list[Subscription] = Field(default_factory=list, description="what starts the app")
    filters: list[FilterRule] = Field(
        default_factory=list, description="conditions that every event must fulfil to start it"
    )
    memory_schema: dict[str, MemoryField] = Field(
        default_factory=dict, description="what its memory keeps, by name; told to the model, not enforced"
    )
    output: Output | None = Field(None, description="what becomes of a result")
    escalation: Escalation | None = Field(None, description="whether and how long it asks people")
    recommended_model: str | None = Field(None, description="the model that its author had in mind")
    browser_login: list[BrowserLogin] = Field(
        default_factory=list, description="sites that a person must be logged in to"
    )
    mcp_server: McpServer | None = Field(
        None, description="how the server of an mcp app is started or reached"
    )
    skill_content: str | None = Field(None, description="the text of a skill")
    skill_files: Any = Field(None, description="the files of a skill")
    store: Store | None = Field(None, description="what a catalogue shows about the app")
    i18n: dict[str, dict[str, Any]] = Field(
        default_factory=dict,
        description="by language: name and description as readers of it see them",
        examples=[{"de": {"name": "Preiswächter"}}],
    )

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
