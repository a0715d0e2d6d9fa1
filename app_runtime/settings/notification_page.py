"""What the page of notifications shows: targets with their state, rules in words, and the forms."""

from dataclasses import dataclass
from functools import cached_property

from django.utils.translation import gettext as _

from app_manager.models import App
from app_runtime.notifications.results import TargetResult, results_of
from app_runtime.settings import targets
from app_runtime.settings.target_forms import MailForm, MailTestForm, QuietForm, RuleForm, type_names
from halo_site.datadir.config import ConfigState, config_state
from halo_site.datadir.mail import MailServer
from halo_site.datadir.notification_rules import Rule
from halo_site.datadir.notification_targets import Notifications, NotificationTarget
from halo_site.datadir.spaces import all_spaces


@dataclass(frozen=True)
class TargetRow:
    """One target: what is known of its address, and what came of its last message."""

    target: NotificationTarget
    address: str
    result: TargetResult


@dataclass(frozen=True)
class RuleRow:
    """One rule in words; empty lists are "all of them"."""

    number: int
    digest: str
    targets: str
    types: str
    where: str


@dataclass(frozen=True)
class NotificationsPage:
    """All of it. A form that was refused stands in the place of the stored values."""

    rule_form: RuleForm | None = None
    quiet_form: QuietForm | None = None
    mail_form: MailForm | None = None
    mail_test_form: MailTestForm | None = None

    @cached_property
    def state(self) -> ConfigState:
        return config_state()

    @property
    def known(self) -> Notifications:
        return self.state.config.notifications

    @property
    def server(self) -> MailServer:
        return self.state.config.mail

    @property
    def problems(self) -> tuple[str, ...]:
        """What of these two parts of config.json cannot be used."""
        wrong = [text for text in self.state.problems if text.startswith(("mail", "notifications"))]
        return (*wrong, *self.known.problems)

    @cached_property
    def rows(self) -> list[TargetRow]:
        listed = self.known.targets
        results = results_of(target.id for target in listed)
        return [TargetRow(each, targets.address_state(each), results[each.id]) for each in listed]

    @property
    def rules(self) -> list[RuleRow]:
        return [self._rule(number, rule) for number, rule in enumerate(self.known.rules or ())]

    def _rule(self, number: int, rule: Rule) -> RuleRow:
        spaces = {space.id: space.name for space in all_spaces()}
        names = {target.id: target.name for target in self.known.targets}
        apps = {app.pk: app.name for app in App.objects.filter(pk__in=rule.apps)} if rule.apps else {}
        where = [*(apps.get(key, key) for key in rule.apps), *(spaces.get(key, key) for key in rule.spaces)]
        types = [str(type_names()[word]) for word in rule.types]
        return RuleRow(
            number,
            targets.rule_digest(rule.model_dump(mode="json")),
            ", ".join(names.get(key, key) for key in rule.targets) or _("all targets"),
            ", ".join(types) or _("everything that an app's level lets through"),
            ", ".join(where) or _("all apps"),
        )

    @cached_property
    def new_rule(self) -> RuleForm:
        return self.rule_form or RuleForm(known=self.known)

    @cached_property
    def quiet(self) -> QuietForm:
        return self.quiet_form or QuietForm.of(self.known)

    @cached_property
    def mail(self) -> MailForm:
        return self.mail_form or MailForm.of(self.server)

    @cached_property
    def mail_test(self) -> MailTestForm:
        return self.mail_test_form or MailTestForm()
