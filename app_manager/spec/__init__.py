"""What an app is: its spec, from YAML text to a typed value. Pure Python, no Django."""

from app_manager.spec.appspec import AppSpec
from app_manager.spec.durations import parse_duration
from app_manager.spec.encoding import decode_spec
from app_manager.spec.parsing import parse_spec
from app_manager.spec.permission import permissions_asked
from app_manager.spec.problem import Problem, SpecError
from app_manager.spec.schedule import schedule_of

__all__ = [
    "AppSpec",
    "Problem",
    "SpecError",
    "decode_spec",
    "parse_duration",
    "parse_spec",
    "permissions_asked",
    "schedule_of",
]
