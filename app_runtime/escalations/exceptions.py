"""What is refused to somebody who answers, each in a sentence that says what to do."""

from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from app_runtime.exceptions import RuntimeRefusal

if TYPE_CHECKING:
    from app_runtime.models import Entry


class QuestionRefusal(RuntimeRefusal):
    """The question cannot be decided in this way now."""


class AnswerRefused(QuestionRefusal):
    """The answer itself is wrong: empty, too long, or a choice that was not offered.

    ``numbers`` are those of the questions that it is about, from 0.
    """

    def __init__(self, sentence: str, *numbers: int) -> None:
        super().__init__(sentence)
        self.numbers = numbers or (0,)


class AlreadyAnswered(QuestionRefusal):
    """Somebody was faster: the message says who, what and when."""


class QuestionClosed(QuestionRefusal):
    """It ended without an answer, or its app is gone."""


class QuestionChanged(QuestionRefusal):
    """It is not the question that whoever answers was shown."""

    def __init__(self) -> None:
        super().__init__(
            _("The question is not the one that you were shown. Read it as it is now, then answer again.")
        )


class NotAnswerable(QuestionRefusal):
    """Its app cannot go on with an answer now; the question stays open."""

    def __init__(self, entry: "Entry", reason: str) -> None:
        words = _("%(app)s cannot go on with an answer: %(reason)s. The question stays open.")
        super().__init__(words % {"app": entry.app.name, "reason": reason})
