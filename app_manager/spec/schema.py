"""The JSON Schema of `spec.yaml`, with which an editor completes and checks it while somebody writes.

It is made of the types and of the rules between fields (`schema_rules.py`), and takes every name that
`aliases.py` takes. It refuses nothing that `parse_spec` accepts; what needs more than shapes (ids given
twice, cron rules that never come due, time zones) only `parse_spec` finds. Its words are those of draft 7,
which editors know; they mean the same in 2020-12.
"""

import copy
from typing import Any

from pydantic.json_schema import models_json_schema

from app_manager.spec.appspec import AppSpec
from app_manager.spec.checks import MAX_SUBSCRIPTIONS
from app_manager.spec.fields import Part
from app_manager.spec.parts import SOURCE_CONFIGS
from app_manager.spec.permission import LABELS
from app_manager.spec.schema_rules import (
    CONFIG_RULES,
    MCP_SERVER_RULES,
    SCALAR,
    SCHEDULE_RULES,
    TYPE_RULES,
    given,
    only_one_of,
    when,
)
from halo_site.contract import DIALECT

Schema = dict[str, Any]

_NULL: Schema = {"type": "null"}


def app_spec_schema() -> Schema:
    """The schema of a spec as its author writes it, aliases included."""
    models: list[type[Part]] = [AppSpec, *SOURCE_CONFIGS.values()]
    _, made = models_json_schema([(model, "validation") for model in models], ref_template="#/$defs/{model}")
    parts: dict[str, Schema] = made["$defs"]
    parts["Subscription"]["required"].remove("id")  # filled where it is missing
    for part in parts.values():
        _take_empty_keys(part)
    _finish_parts(parts)
    spec = parts.pop("AppSpec")
    _finish_spec(spec, parts["Requires"])
    return {
        "$schema": DIALECT,
        "title": "Halo app spec",
        "description": "What an app is: spec.yaml. Unknown keys are kept and not used.",
        **{key: value for key, value in spec.items() if key not in ("title", "description")},
        "$defs": parts,
    }


def _take_empty_keys(part: Schema) -> None:
    """An optional key with nothing behind it counts as absent."""
    for name, value in part.get("properties", {}).items():
        if name not in part.get("required", ()):
            part["properties"][name] = _nullable(value)


def _nullable(value: Schema) -> Schema:
    """The schema, and null; what pydantic says with `anyOf` is said shorter, so that editors show it well."""
    said = {key: inner for key, inner in value.items() if (key, inner) != ("default", None)}
    either = said.pop("anyOf", None)
    if either:
        said = {**next(inner for inner in either if inner != _NULL), **said}
    if "$ref" in said:
        return {**{k: v for k, v in said.items() if k != "$ref"}, "anyOf": [{"$ref": said["$ref"]}, _NULL]}
    if "enum" in said:
        return {**said, "enum": [*said["enum"], None], "type": [said["type"], "null"]}
    if "type" not in said:  # anything at all
        return said
    types = said["type"] if isinstance(said["type"], list) else [said["type"]]
    return {**said, "type": [*types, "null"]}


def _finish_parts(parts: dict[str, Schema]) -> None:
    """Rules within the parts."""
    parts["ScheduleConfig"] |= SCHEDULE_RULES
    parts["McpServer"] |= MCP_SERVER_RULES
    parts["ConfigItem"] |= CONFIG_RULES
    parts["Option"]["properties"]["value"] |= SCALAR
    for kind, entry in (("mcps", "RequiredMcp"), ("skills", "RequiredSkill")):
        items = parts["Requires"]["properties"][kind]
        id_alone = copy.deepcopy(parts[entry]["properties"]["id"])
        items["items"] = {"anyOf": [id_alone, items["items"]]}
    _other_names(parts["Requires"], {"mcps": "mcp", "skills": "skill"})
    parts["Source"]["allOf"] = _configs_by_type()
    _other_ways_to_subscribe(parts["Subscription"], parts["Source"])


def _configs_by_type() -> list[Schema]:
    """What `config` must look like, by the `type` beside it."""
    rules = []
    for kind, model in SOURCE_CONFIGS.items():
        config: Schema = {"$ref": f"#/$defs/{model.__name__}"}
        if kind == "schedule":  # the only one that says nothing without its config
            then = given("config", config)
        else:
            then = {"properties": {"config": {"anyOf": [config, _NULL]}}}
        rules.append(when("type", (kind,), then))
    return rules


def _other_ways_to_subscribe(subscription: Schema, source: Schema) -> None:
    """`input` for `config_key`; `type` and `config` at the top instead of in `source`."""
    _other_names(subscription, {"config_key": "input"})
    subscription["properties"] |= copy.deepcopy(source["properties"])
    subscription["required"].remove("source")
    subscription["anyOf"] = [{"required": ["source"]}, {"required": ["type"]}]
    subscription["allOf"] += [only_one_of("source", key) for key in ("type", "config")]
    subscription["allOf"] += copy.deepcopy(source["allOf"])


def _finish_spec(spec: Schema, requires: Schema) -> None:
    """Other names at the top, and what belongs to which type of app."""
    properties = spec["properties"]
    properties["permissions"]["items"] |= {"examples": [*LABELS, "web_fetch", "web_search", "mcp:<id>"]}
    properties["subscriptions"]["maxItems"] = MAX_SUBSCRIPTIONS
    _other_names(spec, {"config_schema": "inputs"})
    for kind in ("mcp", "skill"):
        listed = requires["properties"][f"{kind}s"]
        properties[f"required_{kind}s"] = {**listed, "description": f"the same as `requires.{kind}s`"}
        inside = {"anyOf": [{"required": [f"{kind}s"]}, {"required": [kind]}]}
        both: Schema = {"required": ["requires", f"required_{kind}s"]}
        both["properties"] = {"requires": {"type": "object", **inside}}
        spec.setdefault("allOf", []).append({"not": both})
    spec["allOf"] += TYPE_RULES


def _other_names(part: Schema, names: dict[str, str]) -> None:
    """A second name for each of these keys; both at once are refused."""
    for name, other in names.items():
        written = {**part["properties"][name], "description": f"the same as `{name}`"}
        part["properties"][other] = written
        part.setdefault("allOf", []).append(only_one_of(name, other))
