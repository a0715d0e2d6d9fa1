from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.template import Context, Template

NOW = datetime(2026, 11, 23, 8, 1, 12, tzinfo=UTC)


@dataclass(frozen=True)
class Bar:
    tone: str
    title: str = ""
    href: str = ""


def draw(tag: str, **context: object) -> str:
    return Template("{% load halo i18n %}" + tag).render(Context(context))


def test_an_icon_is_hidden_from_screen_readers():
    assert 'aria-hidden="true"' in draw('{% icon "play" %}')


def test_an_icon_that_nobody_drew_is_an_error():
    with pytest.raises(KeyError):
        draw('{% icon "unicorn" %}')


def test_a_chip_is_colour_icon_and_word():
    chip = draw('{% chip "bad" text "cross" %}', text="Failed")
    assert [part in chip for part in ('class="chip tone-bad"', "<svg", "Failed")] == [True] * 3


def test_a_chip_escapes_its_word():
    assert "&lt;b&gt;" in draw('{% chip "ok" text %}', text="<b>")


@time_machine.travel(NOW, tick=False)
def test_a_moment_is_relative_in_words_and_exact_on_hover(settings):
    settings.TIME_ZONE = "Europe/Zurich"
    shown = draw("{% when moment %}", moment=NOW - timedelta(minutes=3))
    assert ">3 min ago</time>" in shown
    assert 'datetime="2026-11-23T07:58:12.000+00:00"' in shown
    assert 'title="Mon 23 Nov 2026, 08:58:12 (Europe/Zurich) · 2026-11-23 07:58:12 UTC"' in shown


@pytest.mark.parametrize("name", ["UTC", "Etc/UTC"])
@time_machine.travel(NOW, tick=False)
def test_a_moment_is_told_once_where_the_server_keeps_utc(settings, name):
    settings.TIME_ZONE = name
    assert 'title="Mon 23 Nov 2026, 07:58:12 UTC"' in draw(
        "{% when moment %}", moment=NOW - timedelta(minutes=3)
    )


def test_a_moment_that_is_not_known_says_so():
    assert draw("{% when None %}") == "unknown"


def test_a_moment_that_is_not_known_may_have_its_own_word():
    assert draw('{% when None "never" %}') == "never"


def test_a_strip_says_its_counts():
    bars = [Bar("ok")] * 12 + [Bar("bad"), Bar("wait")]
    assert "last 14 runs: 12 ok, 1 failed, 1 waiting" in draw("{% strip bars %}", bars=bars)


def test_a_strip_of_one_run_speaks_in_the_singular():
    assert "last run: 1 running" in draw("{% strip bars %}", bars=[Bar("run")])


def test_an_empty_strip_says_that_nothing_ran():
    strip = draw("{% strip bars %}", bars=[])
    assert "no runs yet" in strip
    assert strip.count("is-empty") == 14


def test_a_strip_shows_the_newest_only():
    strip = draw("{% strip bars 3 %}", bars=[Bar("bad"), Bar("ok"), Bar("ok"), Bar("ok")])
    assert "tone-bad" not in strip


def test_a_short_strip_is_filled_up_at_the_old_end():
    strip = draw("{% strip bars 3 %}", bars=[Bar("ok")])
    assert strip.index("is-empty") < strip.index("tone-ok")


def test_a_bar_leads_to_its_run_but_is_no_stop_for_the_keyboard():
    strip = draw("{% strip bars %}", bars=[Bar("ok", "09:00", "/runs/1/")])
    assert '<a class="strip-bar tone-ok" href="/runs/1/" title="09:00" tabindex="-1">' in strip


@pytest.mark.parametrize(
    ("name", "first"), [("kettle", "K"), ("日本市場", "日"), (" (x)", "X"), ("🎉", "?"), ("", "?")]
)
def test_a_face_is_the_first_character_of_a_name(name, first):
    assert f">{first}</span>" in draw("{% face name %}", name=name)


@pytest.mark.parametrize(
    ("used", "limit", "width"), [(25, 100, 250), (300, 100, 1000), (5, None, 0), (0, 0, 0)]
)
def test_a_meter_is_as_wide_as_the_used_share(used, limit, width):
    assert f'width="{width}"' in draw("{% meter used limit %}", used=used, limit=limit)


@pytest.mark.parametrize(
    ("start", "length", "whole", "place"),
    [
        (0, 50, 100, ("0", "500")),
        (100, 0, 100, ("994", "6")),
        (90, 50, 100, ("900", "100")),
        (0, 0, 0, ("0", "6")),
    ],
)
def test_a_step_stays_within_the_time_of_its_run(start, length, whole, place):
    bar = draw("{% lane start length whole %}", start=start, length=length, whole=whole)
    assert 'x="{}" width="{}"'.format(*place) in bar


def test_durations_and_sizes_have_their_units():
    assert draw("{% duration 72300 %} {% bytes 3174 %}") == "1 min 12 s 3.1 KB"
