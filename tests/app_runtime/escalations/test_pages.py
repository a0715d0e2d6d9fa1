"""The pages of questions: every state that they show, and that looking decides nothing."""

import re
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client
from django.utils.html import strip_tags

from app_manager.models import App
from app_runtime.escalations.expiry import expire
from app_runtime.escalations.questions import Answer, digest_of
from app_runtime.models import Entry, Run
from app_runtime.stopping import request_cancel
from halo_site.models import SpaceMember
from tests.app_runtime.escalations.asking import ANNA, LATER, TWO, ask, drop, page, say, title
from tests.factories import MINUTE, NINE, add_space, make_app, set_status

pytestmark = pytest.mark.django_db
YES = Answer("Yes")


@pytest.fixture
def asked(app: App) -> Entry:
    return ask(app)


@pytest.fixture
def viewer(db: None) -> Client:
    """A browser in which somebody is signed in who may look only."""
    person = User.objects.create_user("visitor", password="correct horse battery")
    person.groups.add(Group.objects.get(name="viewer"))
    client = Client()
    client.force_login(person)
    return client


def post(client: Client, entry: Entry, verb: str = "answer", **fields: str) -> Any:
    return client.post(f"/escalations/{entry.pk}/{verb}/", {"digest": digest_of(entry), **fields})


@pytest.mark.parametrize(
    ("count", "words"), [(0, "Nobody waits"), (1, "One question waits"), (3, "Three questions wait")]
)
def test_the_title_of_the_inbox_says_how_many_wait(
    operator_client: Client, app: App, count: int, words: str
) -> None:
    for number in range(count):
        ask(app, at=NINE + number * MINUTE)
    html = page(operator_client)
    assert title(html) == f"{words} for you"
    assert (f"<title>({count}) " in html) is bool(count)


def test_an_empty_inbox_says_what_will_be_there(operator_client: Client) -> None:
    assert "No app has asked anything yet" in page(operator_client)


def test_an_inbox_that_was_emptied_says_who_answered_last(operator_client: Client, asked: Entry) -> None:
    say(asked, YES)
    assert re.search(r"No questions. Last one answered .* ago by anna\.", page(operator_client))


def test_the_soonest_due_comes_first_then_the_longest_waiting(operator_client: Client, app: App) -> None:
    late = ask(app, at=NINE, deadline=NINE + 90 * MINUTE)
    old, new = ask(app, at=NINE + MINUTE), ask(app, at=NINE + 2 * MINUTE)
    soon = ask(app, at=NINE + 3 * MINUTE, deadline=NINE + 60 * MINUTE)
    html = page(operator_client)
    ordered = re.findall(r'id="question-([^"]+)"', html)
    assert ordered == [soon.pk, late.pk, old.pk, new.pk]


def test_a_choice_in_the_inbox_is_an_answer_and_leads_back(operator_client: Client, asked: Entry) -> None:
    response = post(operator_client, asked, **{"choice-0": "Yes", "from": "inbox"})
    assert (response.status_code, response["Location"]) == (303, "/escalations/")
    run = Run.objects.queued().get()
    html = page(operator_client)
    card, going_on = f'href="/escalations/{asked.pk}/"', f'href="/runs/{run.pk}/"'
    assert (
        f'<a class="link" {card}>Answered</a>. <a class="link" {going_on}>Run {run.short_id}</a> of' in html
    )
    stored = Entry.objects.get()
    assert (stored.decided_by, stored.decided_via) == ("person:operator", "web")


@pytest.mark.parametrize("verb", ["answer", "dismiss"])
def test_a_decision_on_the_card_leads_back_to_it_and_offers_the_next(
    operator_client: Client, app: App, verb: str
) -> None:
    first, second = ask(app), ask(app, at=NINE + MINUTE)
    response = post(operator_client, first, verb, **{"text-0": "Later"})
    assert response["Location"] == f"/escalations/{first.pk}/"
    assert f'href="/escalations/{second.pk}/" data-question-next' in page(operator_client, first)


def test_the_next_question_is_one_that_the_person_may_answer(app: App) -> None:
    person, theirs = User.objects.create_user("somebody"), add_space("Garden")
    SpaceMember.objects.create(user=person, space_id=app.space_id, role="viewer")
    SpaceMember.objects.create(user=person, space_id=theirs.id, role="operator")
    client = Client()
    client.force_login(person)
    first = ask(app)
    ask(app, at=NINE + MINUTE, deadline=NINE + 2 * MINUTE)  # comes first, and can only be looked at
    own = ask(make_app("Lawn Watch"), at=NINE + 2 * MINUTE)
    App.objects.filter(pk=own.app_id).update(space_id=theirs.id)
    assert f'href="/escalations/{own.pk}/" data-question-next' in page(client, first)
    own.delete()
    assert "data-question-next" in page(client, first)


def test_the_name_of_an_app_is_no_markup_in_the_message(operator_client: Client) -> None:
    evil = ask(make_app("<b>{run}</b>"))
    post(operator_client, evil, **{"choice-0": "Yes", "from": "inbox"})
    assert "of &lt;b&gt;{run}&lt;/b&gt; goes on." in page(operator_client)


def test_a_closed_question_is_not_due_any_more(operator_client: Client, app: App) -> None:
    asked = ask(app, deadline=NINE + 60 * MINUTE)
    assert "<dt>Due</dt>" in page(operator_client, asked)
    drop(asked)
    html = page(operator_client, asked)
    assert "<dt>Due</dt>" not in html
    assert "<dt>Was due</dt><dd>" in html
    assert 'class="ask is-over"' in page(operator_client, query="?state=dismissed")


def test_several_questions_are_answered_at_once(operator_client: Client, app: App) -> None:
    asked = ask(app, questions=TWO)
    assert page(operator_client, asked).count('type="radio"') == 2
    post(operator_client, asked, **{"choice-0": "Red", "text-1": "three"})
    assert Entry.objects.get().user_response["answers"] == [{"choice": "Red"}, {"text": "three"}]


def test_what_is_missing_is_said_at_its_question_and_the_rest_is_kept(
    operator_client: Client, app: App
) -> None:
    asked = ask(app, questions=TWO)
    response = post(operator_client, asked, **{"choice-0": "Red", "text-0": "but dark"})
    html = response.content.decode()
    assert response.status_code == 422
    assert 'id="bad-1"' in html
    assert 'value="Red" checked' in html
    assert "but dark</textarea>" in html


def test_a_hundred_kilobytes_come_back_whole(operator_client: Client, asked: Entry) -> None:
    text = "word " * 20_000
    response = post(operator_client, asked, **{"text-0": text})
    assert response.status_code == 422
    assert "at most 20,000" in response.content.decode()
    assert text.strip() in response.content.decode()
    assert Entry.objects.open().exists()


def test_a_choice_that_was_not_offered_is_refused(operator_client: Client, asked: Entry) -> None:
    response = post(operator_client, asked, **{"choice-0": "<b>Maybe</b>"})
    assert response.status_code == 422
    assert "“&lt;b&gt;Maybe&lt;/b&gt;” is none of the choices" in response.content.decode()


def test_the_loser_is_told_who_won_and_keeps_the_text(operator_client: Client, asked: Entry) -> None:
    say(asked, YES)
    response = post(operator_client, asked, **{"text-0": "Wait for Friday"})
    html = response.content.decode()
    assert response.status_code == 409
    assert re.search(r"anna answered .*: Yes", html)
    assert "Wait for Friday</pre>" in html


def test_a_changed_question_is_shown_as_it_is_now_and_the_text_is_kept(
    operator_client: Client, asked: Entry
) -> None:
    shown = digest_of(asked)
    Entry.objects.update(content={**asked.content, "question": "Order two?", "summary": "Order two?"})
    response = post(operator_client, asked, digest=shown, **{"text-0": "Yes, now"})
    html = response.content.decode()
    assert response.status_code == 409
    assert title(html) == "Order two?"
    assert "Yes, now</textarea>" in html
    assert Entry.objects.open().exists()


def test_without_a_digest_nothing_is_decided(operator_client: Client, asked: Entry) -> None:
    response = operator_client.post(f"/escalations/{asked.pk}/answer/", {"choice-0": "Yes"})
    assert response.status_code == 409
    assert Entry.objects.open().exists()


@pytest.mark.parametrize("how", ["expired", "dismissed", "uninstalled"])
@pytest.mark.parametrize("verb", ["answer", "dismiss"])
def test_what_is_closed_takes_no_decision(operator_client: Client, app: App, how: str, verb: str) -> None:
    asked = ask(app, deadline=NINE + MINUTE)
    ends = {
        "expired": lambda: expire(LATER),
        "dismissed": lambda: drop(asked, now=NINE),
        "uninstalled": lambda: app.uninstall(actor=ANNA, now=LATER),
    }
    ends[how]()
    before = Entry.objects.questions().values().get()
    response = post(operator_client, asked, verb, **{"text-0": "My words"})
    if (how, verb) == ("dismissed", "dismiss"):
        assert response.status_code == 303  # the same decision again
    else:
        assert response.status_code == 409
        assert "My words</pre>" in response.content.decode()
    assert Entry.objects.questions().values().get() == before


def test_an_answered_card_says_who_what_when_and_where_it_goes_on(
    operator_client: Client, asked: Entry
) -> None:
    run = say(asked, Answer("Yes", "until Friday"))
    html = page(operator_client, asked)
    assert "Answered by anna" in html
    assert "until Friday" in html
    assert run
    assert f'href="/runs/{run.pk}/"' in html
    assert "<textarea" not in html


def test_a_follow_up_that_was_taken_back_can_be_run_again(
    operator_client: Client, app: App, asked: Entry
) -> None:
    run = say(asked, YES)
    assert run
    assert request_cancel(run, ANNA, LATER)
    html = page(operator_client, asked)
    assert "anna cancelled it" in html
    assert f'action="/runs/{run.pk}/again/"' in html


def test_the_card_shows_earlier_answers_to_the_same_question(operator_client: Client, app: App) -> None:
    for number in range(4):
        say(ask(app, at=NINE + number * MINUTE), Answer(text=f"answer {number}"))
    say(ask(app, question="Another?"), Answer(text="of another"))
    html = page(operator_client, ask(app, at=NINE + 9 * MINUTE))
    assert [number for number in range(4) if f"answer {number}" in html] == [1, 2, 3]
    assert "of another" not in html


def test_the_card_says_what_comes_of_silence(operator_client: Client, app: App) -> None:
    assert "it waits for ever" in page(operator_client, ask(app))
    assert "closed as expired" in page(operator_client, ask(app, deadline=LATER + MINUTE))


def test_a_question_that_is_over_and_not_closed_yet_offers_no_answer(
    operator_client: Client, app: App
) -> None:
    asked = ask(app, deadline=NINE + MINUTE)
    text = page(operator_client, asked)
    assert "Its deadline has passed, so it takes no answer any more" in text
    assert f"/escalations/{asked.pk}/answer/" not in text
    assert f"/escalations/{asked.pk}/answer/" not in page(operator_client)
    response = post(operator_client, asked, **{"text-0": "Too late for this"})
    assert response.status_code == 409
    assert "It expired without an answer." in response.content.decode()
    assert "Too late for this" in response.content.decode()


def test_the_words_of_an_agent_are_data(operator_client: Client, app: App) -> None:
    evil = '<img src=x onerror="alert(1)"> **bold**'
    html = page(operator_client, ask(app, question="Q?", summary=evil, data=evil))
    assert "<img src=x" not in html
    assert "<strong>bold</strong>" in html


def test_a_viewer_sees_the_card_and_cannot_answer(viewer: Client, asked: Entry) -> None:
    html = page(viewer, asked)
    assert "<textarea" not in html
    assert "Operator" in html
    assert 'method="post"' not in page(viewer).split("<main")[1]
    assert post(viewer, asked, **{"choice-0": "Yes"}).status_code == 403
    assert post(viewer, asked, "dismiss").status_code == 403
    assert Entry.objects.open().exists()


@pytest.mark.parametrize("verb", ["answer", "dismiss"])
def test_a_question_is_not_decided_by_a_get_or_without_a_token(
    operator: User, asked: Entry, verb: str
) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(operator)
    assert client.get(f"/escalations/{asked.pk}/{verb}/").status_code == 405
    assert post(client, asked, verb, **{"choice-0": "Yes"}).status_code == 403
    assert Entry.objects.open().exists()


@pytest.mark.parametrize("entry_id", ["nothing", "a%00b"])
def test_a_question_that_is_not_there_is_not_found(operator_client: Client, entry_id: str) -> None:
    assert operator_client.get(f"/escalations/{entry_id}/").status_code == 404


def test_the_count_stands_in_the_navigation(operator_client: Client, app: App, asked: Entry) -> None:
    html = operator_client.get("/apps/").content.decode()
    assert re.search(
        r'href="/escalations/"[^>]*>.*?<span>Questions</span><span class="count" id="needs">1</span>', html
    )


def test_questions_of_uninstalled_apps_do_not_wait(operator_client: Client, app: App, asked: Entry) -> None:
    set_status(app, "uninstalled")
    assert title(page(operator_client)) == "Nobody waits for you"
    assert "is uninstalled" in page(operator_client, asked)


@pytest.mark.parametrize(
    ("status", "words"),
    [
        ("cancelled", "was cancelled; its page runs it again."),
        ("error", "failed; its page runs it again."),
        ("ok", "has ended with it."),
    ],
)
def test_the_same_answer_again_says_what_became_of_its_run(
    operator_client: Client, asked: Entry, status: str, words: str
) -> None:
    run = say(asked, YES)
    assert run
    Run.objects.filter(pk=run.pk).update(status=status)
    answer = {"digest": digest_of(asked), "choice-0": "Yes"}
    operator_client.post(f"/escalations/{asked.pk}/answer/", answer)
    told = strip_tags(page(operator_client))
    assert f"Answered already, in the same way. Run {run.short_id} of Kettle Watch {words}" in told


def test_the_overview_shows_the_first_ones_of_the_inbox_and_leads_to_all(
    operator_client: Client, app: App
) -> None:
    for number in range(6):
        ask(app, at=NINE + number * MINUTE)
    soon = ask(app, at=NINE + 9 * MINUTE, deadline=NINE + 60 * MINUTE)
    html = operator_client.get("/").content.decode()
    shown = re.findall(r'id="question-([^"]+)"', html)
    assert (shown[0], len(shown)) == (soon.pk, 5)
    assert '<a class="link" href="/escalations/">All 7 questions</a>' in html


@pytest.mark.parametrize("address", ["/", "/escalations/"])
def test_who_may_only_look_is_not_waited_for(viewer: Client, asked: Entry, address: str) -> None:
    words = title(viewer.get(address).content.decode())
    assert words.endswith("question waits for an answer")


def test_silence_names_its_moment_once(operator_client: Client, app: App) -> None:
    html = page(operator_client, ask(app, deadline=NINE + 60 * MINUTE))
    said = html.partition("On silence</b>")[2].partition("</li>")[0]
    assert said.count(":00:00") == 1


def test_the_thread_says_who_answered_and_when(operator_client: Client, app: App) -> None:
    asked = ask(app)
    say(asked, YES)
    html = operator_client.get(f"/apps/{app.pk}/").content.decode()
    assert f'Answered by anna, <time datetime="{LATER:%Y-%m-%dT%H:%M}' in html


def test_each_question_without_an_answer_is_marked(operator_client: Client, app: App) -> None:
    question = ask(app, questions=TWO)
    html = post(operator_client, question).content.decode()
    assert re.findall(r'aria-describedby="bad-(\d)"', html) == ["0", "1"]
    assert "Questions 1 and 2 have no answer" in html


def test_a_question_in_markdown_is_a_title_without_marks(operator_client: Client, app: App) -> None:
    question = ask(app, question="Take **the `red` one**?", summary="Take **the `red` one**?")
    assert title(page(operator_client, question)) == "Take the red one?"
    for address in ("/escalations/", "/", f"/apps/{app.pk}/"):
        html = operator_client.get(address).content.decode()
        assert "Take the red one?" in html
        assert "**" not in html


@pytest.mark.parametrize("text", ["Take it?\n\n- red\n- blue", "See [it](https://example.org)?", "x " * 200])
def test_a_question_that_is_more_than_a_title_stands_in_full(
    operator_client: Client, app: App, text: str
) -> None:
    assert "The whole question" in page(operator_client, ask(app, question=text, summary=text))


def test_a_short_question_stands_once(operator_client: Client, app: App) -> None:
    assert "The whole question" not in page(operator_client, ask(app, question="Now?", summary="Now?"))


def test_a_rehearsal_has_told_nobody_and_says_so(operator_client: Client, app: App) -> None:
    rehearsed = ask(app)
    assert "none: a rehearsal tells nobody" in page(operator_client, rehearsed)
    Run.objects.update(engine="model")
    assert f"/notifications/?entry={rehearsed.pk}" in page(operator_client, rehearsed)


def test_a_wrong_filter_is_not_said_to_match_nothing(operator_client: Client, asked: Entry) -> None:
    html = page(operator_client, query="?state=nonsense")
    assert "Nothing was looked for" in html
    assert "No question matches" not in html
