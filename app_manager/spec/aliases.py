"""Other names that a spec may use for a field (BEHAVIOUR, App spec), brought to the canonical ones."""

from dataclasses import dataclass, field
from typing import Any

from app_manager.spec.problem import Finding, Path, path_text

# Canonical place, and every other place where authors write the same thing.
_PLACES: tuple[tuple[Path, tuple[Path, ...]], ...] = (
    (("config_schema",), (("inputs",),)),
    (("requires", "mcps"), (("requires", "mcp"), ("required_mcps",))),
    (("requires", "skills"), (("requires", "skill"), ("required_skills",))),
)


@dataclass(slots=True)
class Canonical:
    """Data with canonical names; `written(path)` is where the author wrote what stands at `path`."""

    data: dict[str, Any]
    findings: list[Finding] = field(default_factory=list)  # with the paths that the author wrote
    _written: dict[Path, Path] = field(default_factory=dict)

    def move(self, canonical: Path, others: tuple[Path, ...], base: Path = ()) -> None:
        """Move what stands at one of the other places below `base` to the canonical one; two are an error."""
        found = [place for place in (canonical, *others) if _holder(self.data, (*base, *place)) is not None]
        for place in found[1:]:
            first, second = path_text(found[0]), path_text(place)
            sentence = f"`{second}` means the same as `{first}`: give only one of them"
            self.findings.append(Finding((*base, *place), sentence, on_key=True))
        target = _ensured(self.data, (*base, *canonical[:-1])) if found and found[0] != canonical else None
        if target is not None:
            holder = _holder(self.data, (*base, *found[0])) or {}
            target[str(canonical[-1])] = holder.pop(found[0][-1])
            self._written[(*base, *canonical)] = (*base, *found[0])

    def unfold_source(self, base: Path, subscription: dict[str, Any]) -> None:
        """Put `type` and `config` at the top of a subscription into its `source`."""
        flat = [key for key in ("type", "config") if key in subscription]
        if "source" in subscription:
            sentence = "`{}` stands beside `source`, which holds it already: give only one of them"
            self.findings += [Finding((*base, key), sentence.format(key), on_key=True) for key in flat]
        elif flat:
            subscription["source"] = {key: subscription.pop(key) for key in flat}
            self._written[(*base, "source")] = base

    def written(self, path: Path) -> Path:
        """The path that the author wrote for a canonical one."""
        for length in range(len(path), 0, -1):
            if path[:length] in self._written:
                return (*self._written[path[:length]], *path[length:])
        return path


def canonical(data: dict[str, Any]) -> Canonical:
    """The spec with canonical names. `data` itself is changed."""
    result = Canonical(data)
    for place, others in _PLACES:
        result.move(place, others)
    subscriptions = data.get("subscriptions")
    for index, subscription in enumerate(subscriptions if isinstance(subscriptions, list) else []):
        if isinstance(subscription, dict):
            base = ("subscriptions", index)
            result.move(("config_key",), (("input",),), base)
            result.unfold_source(base, subscription)
    return result


def _holder(data: Any, path: Path) -> dict[Any, Any] | None:
    """The mapping that has the last part of `path` as a key, if there is one."""
    for part in path[:-1]:
        inside = (isinstance(data, dict) and part in data) or isinstance(data, list)
        data = data[part] if inside else None
    return data if isinstance(data, dict) and path[-1] in data else None


def _ensured(data: Any, path: Path) -> dict[str, Any] | None:
    """The mapping at `path`, made where a key is absent or empty; None where something else stands."""
    for part in path:
        if isinstance(data, dict) and data.get(str(part)) is None:
            data[str(part)] = {}
        data = data[part]
    return data if isinstance(data, dict) else None
