import pytest

from app_manager.spec import AppSpec, SpecError, parse_spec
from tests.app_manager.spec.samples import GOOD, problems

SCHEDULE = GOOD + "subscriptions:\n  - source:\n      type: schedule\n      config:\n"
SOURCES = "schedule, file, webhook, webpage, rss, custom, wecom"
SHORT = "an interval must be at least 10 s, this one is"
INTERVAL = "subscriptions[0].source.config.every"

BROKEN = [
    (SCHEDULE + "        every: 5s\n", 11, 16, INTERVAL, f"{SHORT} 5 s"),
    (SCHEDULE + "        every: 0s\n", 11, 16, INTERVAL, f"{SHORT} 0 s"),
    (
        SCHEDULE + "        every: 5x\n", 11, 16, INTERVAL,
        "a duration is digits and one of s, m, h, d, such as 30m; this one is `5x`",
    ),
    (
        SCHEDULE + "        every: 30\n", 11, 16, INTERVAL,
        "a duration is digits and one of s, m, h, d, such as 30m; this one is `30`",
    ),
    (
        SCHEDULE + "        at: noon\n", 11, 9, "subscriptions[0].source.config",
        "a schedule needs `every`, such as 30m, or `cron`, such as 0 9 * * *",
    ),
    (
        GOOD + "subscriptions:\n- {type: schedule, config: {every: 1s}}\n", 8, 36,
        "subscriptions[0].config.every",
        f"{SHORT} 1 s",
    ),
    (
        GOOD + "subscriptions:\n- {source: {type: rsss}}\n", 8, 19, "subscriptions[0].source.type",
        f"must be one of: {SOURCES}, this is `rsss`; did you mean `rss`?",
    ),
    (
        GOOD + "subscriptions:\n- {id: a}\n", 8, 3, "subscriptions[0].source",
        "`source` is missing: say what starts the app, with `type` and `config`",
    ),
    (
        GOOD + "subscriptions:\n- {id: sub-1, type: custom}\n- {type: custom}\n", 9, 3, "subscriptions[1].id",
        "the id `sub-1` is already used by entry [0]",
    ),
    (
        GOOD + "inputs: []\nsubscriptions:\n- {type: custom, input: page}\n", 9, 25, "subscriptions[0].input",
        "no config item has the key `page`",
    ),
    (
        GOOD + "subscriptions:\n- {type: custom, source: {type: custom}}\n", 8, 4, "subscriptions[0].type",
        "`type` stands beside `source`, which holds it already: give only one of them",
    ),
    (
        GOOD + "subscriptions:\n- {type: custom, overlap: queue}\n", 8, 27, "subscriptions[0].overlap",
        "must be one of: skip, queue_one, this is `queue`; did you mean `queue_one`?",
    ),
    (GOOD.replace('"1.0"', "1.0"), 2, 10, "version", "must be text: put it in quotes"),
    (GOOD.replace("Kettle Watch", ""), 1, 6, "name", "`name` is empty: give the app a name"),
    (GOOD.replace("Kettle Watch", '"  "'), 1, 7, "name", "`name` is empty: give the app a name"),
    (GOOD[19:], 1, 1, "name", "`name` is missing: give the app a name"),
    (GOOD.replace("author", "writer"), 1, 1, "author", "`author` is missing: say who wrote the app"),
    (
        GOOD.replace("automation", "automaton"), 5, 7, "type",
        "must be one of: automation, skill, mcp, extension, this is `automaton`; did you mean `automation`?",
    ),
    (
        GOOD.replace("type: automation\n", ""), 1, 1, "type",
        "`type` is missing: say automation, skill, mcp or extension",
    ),
    (
        GOOD.replace("system_prompt", "prompt"), 1, 1, "system_prompt",
        "`system_prompt` is missing: tell the app what to do",
    ),
    (
        GOOD.replace("automation", "mcp"), 1, 1, "mcp_server",
        "`mcp_server` is missing: say how the server is started or reached",
    ),
    (
        GOOD.replace("automation", "mcp") + "mcp_server: {transport: sse}\n", 7, 13, "mcp_server.url",
        "`url` is missing: transport sse needs the address of the server",
    ),
    (
        GOOD.replace("automation", "mcp") + "mcp_server: {args: []}\n", 7, 13, "mcp_server.command",
        "`command` is missing: give the program to start, or a transport with a `url`",
    ),
    (
        GOOD.replace("automation", "skill") + "memory_schema: {a: {type: array}}\n", 7, 1, "memory_schema",
        "only an app of type automation may have `memory_schema`, this one has the type skill",
    ),
    (
        GOOD + "mcp_server: {command: x}\n", 7, 1, "mcp_server",
        "only an app of type mcp may have `mcp_server`, this one has the type automation",
    ),
    (
        GOOD.replace("automation", "skill").replace("system_prompt", "prompt"), 1, 1, "skill_content",
        "a skill needs one of: system_prompt, skill_content, skill_files",
    ),
    (
        GOOD + "inputs: []\nconfig_schema: []\n", 7, 1, "inputs",
        "`inputs` means the same as `config_schema`: give only one of them",
    ),
    (
        GOOD + "requires: {mcp: [a]}\nrequired_mcps: [a]\n", 8, 1, "required_mcps",
        "`required_mcps` means the same as `requires.mcp`: give only one of them",
    ),
    (
        GOOD + "permissions: web\n", 7, 14, "permissions",
        "must be a list, each entry on a line that starts with a dash, this is `web`",
    ),
    (GOOD + "permissions: [5]\n", 7, 15, "permissions[0]", "must be text: put it in quotes"),
    (GOOD + "requires: [a]\n", 7, 11, "requires", "must be a mapping of `key: value` lines, this is a list"),
    (
        GOOD + "escalation: {enabled: yes}\n", 7, 23, "escalation.enabled",
        "must be true or false, this is `yes`",
    ),
    (
        GOOD + "escalation: {timeout_hours: 0}\n", 7, 29, "escalation.timeout_hours",
        "must be more than 0 and at most 87,600 hours, this is 0",
    ),
    (
        GOOD + "store: {slug: -a}\n", 7, 15, "store.slug",
        "must be letters a to z, digits, and hyphens between them, such as `price-watch`",
    ),
    (
        GOOD + "filters: [{field: a, op: equals, value: 1}]\n", 7, 26, "filters[0].op",
        "must be one of: eq, neq, contains, matches, gt, lt, gte, lte, in, nin, this is `equals`",
    ),
    (
        GOOD + "filters: [{field: a, op: eq}]\n", 7, 11, "filters[0].value",
        "`value` is missing: say what it is compared with or stands for",
    ),
    (
        GOOD + 'i18n: {"zh CN": 5}\n', 7, 17, 'i18n["zh CN"]',
        "must be a mapping of `key: value` lines, this is `5`",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("text", "line", "column", "path", "sentence"), BROKEN)
def test_a_broken_spec_is_told_where_and_why(
    text: str, line: int, column: int, path: str, sentence: str
) -> None:
    assert problems(text) == [(line, column, path, sentence)]


@pytest.mark.parametrize(
    "cron", ["* * *", "* * * * * *", "0 0 31 2 *", "61 * * * *", "a b c d e", "0 0 * * * * *"]
)
def test_a_cron_rule_that_can_never_be_due_is_refused(cron: str) -> None:
    [(line, column, path, sentence)] = problems(SCHEDULE + f'        cron: "{cron}"\n')
    assert (line, column, path) == (11, 15, "subscriptions[0].source.config.cron")
    assert sentence[0].islower()


@pytest.mark.parametrize("cron", ["0 9 * * 1-5", "*/30 * * * * *", "0 0 29 2 *"])
def test_a_cron_rule_of_five_or_six_fields_is_accepted(cron: str) -> None:
    assert problems(SCHEDULE + f'        cron: "{cron}"\n') == []


def test_an_unknown_timezone_is_refused_where_it_stands() -> None:
    [problem] = problems(SCHEDULE + "        cron: 0 9 * * *\n    timezone: Mars/Crater\n")
    assert problem[:3] == (12, 15, "subscriptions[0].timezone")


def test_more_than_a_hundred_subscriptions_are_refused_once() -> None:
    text = GOOD + "subscriptions:\n" + '- {type: schedule, config: {cron: "0 0 29 2 *"}}\n' * 700
    assert [p for *_, p in problems(text)] == ["an app may have at most 100 subscriptions, this one has 700"]


def test_all_problems_come_at_once_in_the_order_of_the_lines() -> None:
    text = SCHEDULE.replace('"1.0"', "1.0") + '        {every: 0s, cron: "x"}\nname: b\nfilters: 5\nx: !a b\n'
    assert [line for line, *_ in problems(text)] == [2, 11, 11, 12, 13, 14]


def test_an_error_is_one_line_per_problem() -> None:
    with pytest.raises(SpecError) as refused:
        parse_spec(GOOD.replace('"1.0"', "1.0") + "permissions: [5]\n")
    assert str(refused.value).splitlines() == [
        "line 2, column 10: version: must be text: put it in quotes",
        "line 7, column 15: permissions[0]: must be text: put it in quotes",
    ]


def test_a_problem_in_a_repeated_value_points_at_the_value() -> None:
    text = SCHEDULE.replace("config:\n", "config: &c {every: 1s}\n") + "  - {type: schedule, config: *c}\n"
    assert [(line, path) for line, _, path, _ in problems(text)] == [
        (10, "subscriptions[0].source.config.every"),
        (10, "subscriptions[1].config.every"),
    ]


def test_a_long_or_invisible_key_does_not_fill_the_sentence() -> None:
    [(_, _, path, sentence)] = problems(GOOD + f'"{"k" * 9_000}\\x07": .inf\n')
    assert len(path) < 80
    assert len(sentence) < 120


def test_shapes_hold_without_a_text_too() -> None:
    spec = parse_spec(GOOD)
    assert AppSpec.model_validate(spec.model_dump(mode="json", exclude_unset=True)) == spec


def test_a_name_is_a_name_and_not_a_novel() -> None:
    [(line, _, path, sentence)] = problems(GOOD.replace("Kettle Watch", "K" * 5000))
    assert (path, sentence) == ("name", "a name has at most 200 characters, this one has 5,000")
    assert line > 0
