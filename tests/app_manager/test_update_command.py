"""`update_app`: another spec from the command line."""

import io

import pytest
from django.core.management import CommandError, call_command

from app_manager.models import App, SpecVersion
from halo_site.models import AuditEntry
from tests.app_manager.factories import BROKEN, LIMIT, NINE, PAGE, TESTER, install_app, spec_text
from tests.app_manager.test_spec_updates import HOURLY, everything, subscription, update

pytestmark = pytest.mark.django_db
ASKING = {"version": "2.0", "permissions": ["web", "memory.space", "email", "im-push"]}


@pytest.fixture
def app(db):
    return install_app(granted=("web",), denied=("memory.space",))


@pytest.fixture
def spec(tmp_path):
    """Writes a spec.yaml with other values and gives its path."""

    def write(text=None, **changes):
        path = tmp_path / "spec.yaml"
        path.write_text(spec_text(**changes) if text is None else text)
        return str(path)

    return write


def run(*arguments):
    out, err = io.StringIO(), io.StringIO()
    call_command("update_app", *arguments, stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


def test_it_says_what_changed(app, spec):
    app.override_schedule("morning", HOURLY, actor=TESTER, now=NINE)
    out, _ = run(app.pk, spec(subscriptions=[subscription("daily")], version="2.0"))
    assert out.splitlines() == [
        "Updated: Kettle Watch, version 1.0 → 2.0",
        "When it runs [daily]: not there → every day",
        "When it runs [morning]: every 1 h → gone",
        "Dropped schedule of yours: morning",
    ]


def test_new_permissions_are_off_unless_granted(app, spec):
    out, _ = run(app.pk, spec(**ASKING), "--grant", "email")
    assert "Newly asked for, granted: Send e-mail [email]" in out
    assert "Newly asked for, off: Send chat messages [im-push]" in out
    assert App.objects.get().permissions == {"granted": ["web", "email"], "denied": ["memory.space"]}


def test_new_permissions_can_be_denied(app, spec):
    out, _ = run(app.pk, spec(**ASKING), "--deny", "im-push")
    assert "Newly asked for, denied: Send chat messages [im-push]" in out


def test_the_log_names_the_command(app, spec):
    run(app.pk, spec(version="2.0"))
    assert AuditEntry.objects.get(verb="update_spec").actor == "command:update_app"


def test_values_that_went_or_are_missing_are_named(spec):
    app = install_app(config_schema=[LIMIT], configuration={"limit": 7})
    out, err = run(app.pk, spec(config_schema=[PAGE]))
    assert "Dropped value: Limit [limit]" in out
    assert "It cannot run before it has: Page." in err


def test_the_same_spec_changes_nothing(app, spec):
    assert run(app.pk, spec())[0] == "Nothing was changed: this is the spec in force.\n"
    assert not SpecVersion.objects.exists()


def test_a_previous_spec_is_restored_by_its_number(app):
    before = app.spec_text
    update(app, version="2.0")
    out, _ = run(app.pk, "--restore", "1")
    assert "version 2.0 → 1.0" in out
    assert App.objects.get().spec_text == before


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--restore", "7"], "no previous spec 7"),
        (["--restore", "99999999999999999999"], "no previous spec"),
        (["nowhere.yaml"], "cannot be read"),
        ([], "one of the arguments"),
        (["nowhere.yaml", "--restore", "1"], "not allowed with"),
    ],
)
def test_what_cannot_be_is_one_clear_line(app, arguments, sentence):
    with pytest.raises(CommandError, match=sentence):
        run(app.pk, *arguments)


def test_an_unknown_app_is_one_clear_line(db, spec):
    with pytest.raises(CommandError, match="no app with the id none"):
        run("none", spec())


@pytest.mark.parametrize("name", ["web", "ai-terminal", "nonsense"])
@pytest.mark.parametrize("verdict", ["--grant", "--deny"])
def test_only_what_is_asked_anew_is_decided(app, spec, name, verdict):
    before = everything()
    with pytest.raises(CommandError, match="newly asks for: email, im-push"):
        run(app.pk, spec(**ASKING), verdict, name)
    assert everything() == before


@pytest.mark.parametrize("text", BROKEN.values(), ids=BROKEN)
def test_a_broken_spec_changes_nothing(app, spec, text):
    before = everything()
    with pytest.raises(CommandError, match="line"):
        run(app.pk, spec(text))
    assert everything() == before
