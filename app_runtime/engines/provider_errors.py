"""What providers answer when they do not answer, in a sentence, and whether trying again can help."""

import html
import json
import re
from collections.abc import Iterator
from typing import Any

import httpx2
from pydantic import ValidationError
from pydantic_ai import exceptions as errors

from app_runtime import texts
from app_runtime.engines.ending import LONGEST_ANSWER_BYTES, AnswerTooLong
from app_runtime.exceptions import EngineError
from halo_site import quantities
from halo_site.datadir.ai_sources import ModelSource
from halo_site.outbound import AddressRefused

# What comes through the libraries unchanged: the connection broke off, or the answer had another shape.
PASSING = (
    httpx2.HTTPError,
    ConnectionError,
    ValidationError,
    ValueError,
    TypeError,
    KeyError,
    AttributeError,
)
DETAIL_CHARACTERS = 500
LOOKED_AT_CHARACTERS = 20_000
IS_HTML = re.compile(r"<(?:!doctype|html|head|body)\b", re.I)
MARKUP = re.compile(r"<(script|style)\b.*?(?:</\1\s*>|$)|<!--.*?(?:-->|$)|<[^>]*>", re.S | re.I)
Judgement = tuple[str, str, bool]


def in_words(error: Exception, source: ModelSource) -> EngineError:
    """The error of a request to ``source`` as ours."""
    refused = next((cause for cause in _causes(error) if isinstance(cause, AddressRefused)), None)
    if refused is not None:
        return EngineError(f"{source.name} was not asked: {refused}", kind="bad_request", is_free=True)
    if any(isinstance(cause, AnswerTooLong) for cause in _causes(error)):
        longest = quantities.size(LONGEST_ANSWER_BYTES)
        sentence = f"{source.name} sent more than {longest} in one answer. Nothing of it was used."
        return EngineError(sentence, kind="bad_answer")
    kind, words, is_permanent = _judged(error)
    detail = "" if kind == "timeout" else _detail(error)
    sentence = f"{source.name} {words}" + (f": {detail}" if detail else "")
    return EngineError(
        sentence if sentence.endswith((".", "!", "?")) else f"{sentence}.",
        kind=kind,
        permanent=is_permanent,
        retry_after=getattr(error, "retry_after", None),
        is_free=_is_free(error),
    )


def _is_free(error: Exception) -> bool:
    """Whether nothing was used, for certain: refused with a status, or never sent.

    A failure on the provider's side (500 and above, 408) may have come after tokens.
    """
    status = getattr(error, "status_code", None) or 0
    unsent = (httpx2.ConnectError, httpx2.ConnectTimeout)
    return (400 <= status < 500 and status != 408) or any(isinstance(each, unsent) for each in _causes(error))


def _judged(error: Exception) -> Judgement:
    """The kind, what happened in words, and whether trying again is of no use. The first that fits counts."""
    status = getattr(error, "status_code", None)
    told = f" ({status})" if status else ""
    late = (errors.ModelTimeoutError, errors.ModelRequestTimeout, httpx2.TimeoutException)
    cut_off = (errors.ModelConnectionError, httpx2.TransportError, ConnectionError)
    failed = (errors.ModelUnavailableError, errors.ModelServerError)
    too_long = f"says that the conversation is too long{told}"
    judgements: tuple[tuple[type[Exception] | tuple[type[Exception], ...], Judgement], ...] = (
        (errors.ModelQuotaExceededError, ("rate_limit", f"says that its quota is used up{told}", True)),
        (errors.ModelRateLimitError, ("rate_limit", f"limits how often it may be asked{told}", False)),
        (late, ("timeout", "did not answer in time", False)),
        (cut_off, ("network", "could not be reached, or broke off", False)),
        (failed, ("server", f"failed on its side{told}", False)),
        (errors.ModelAuthenticationError, ("auth", f"refuses the key{told}", True)),
        (errors.ModelNotFoundError, ("unknown_model", f"does not know the model{told}", True)),
        (errors.ModelContextWindowExceededError, ("bad_request", too_long, True)),
    )
    for kinds, judgement in judgements:
        if isinstance(error, kinds):
            return judgement
    return _by_status(status, told) if status else ("bad_answer", "gave an answer that cannot be read", False)


def _by_status(status: int, told: str) -> Judgement:
    if status in {401, 403}:
        return ("auth", f"refuses the key{told}", True)
    if status == 404:
        return ("unknown_model", f"does not know the model or the address{told}", True)
    if status == 429:
        return ("rate_limit", f"limits how often it may be asked{told}", False)
    if status in {408, 409, 425} or status >= 500:
        return ("server", f"failed on its side{told}", False)
    return ("bad_request", f"refuses the request{told}", True)


def _detail(error: Exception) -> str:
    """What the provider itself says, one line; of what is no answer of its own, what our side saw."""
    said = _message(getattr(error, "body", None))
    if not said and not isinstance(error, errors.ModelHTTPError):
        said = str(error)
    line = texts.storable(" ".join(_words(said[:LOOKED_AT_CHARACTERS]).split()))
    return line if len(line) <= DETAIL_CHARACTERS else f"{line[:DETAIL_CHARACTERS]} …"


def _words(said: str) -> str:
    """The words of a page of HTML, which a server in between answers; all of anything else."""
    return html.unescape(MARKUP.sub(" ", said)) if IS_HTML.search(said) else said


def _message(body: Any) -> str:
    """The message in the shapes that providers give their errors."""
    if isinstance(body, str):
        try:
            return _message(json.loads(body))
        except ValueError:
            return body
    if not isinstance(body, dict):
        return ""
    for key in ("error", "message", "detail"):
        if isinstance(body.get(key), str):
            return str(body[key])
        if isinstance(body.get(key), dict):
            return _message(body[key])
    return ""


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
