"""The text of a spec that a browser sent: pasted, or as a file."""

from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest
from django.utils.translation import gettext as _

from app_manager.spec import Problem, SpecError, decode_spec
from app_manager.spec.encoding import MAX_BYTES

MIB = 1024 * 1024


def posted_text(request: HttpRequest) -> str:
    """The file where one was chosen, else what was pasted, with the line ends that files have.

    Raises `SpecError` for a file that is too large, binary or not UTF-8.
    """
    upload = request.FILES.get("spec_file")
    if isinstance(upload, UploadedFile):
        return decode_spec(_content(upload))
    return request.POST.get("spec_text", "").replace("\r\n", "\n")


def _content(upload: "UploadedFile[Any]") -> bytes:
    """The bytes of a file, none of which is read when they are too many."""
    size = upload.size or 0
    if size > MAX_BYTES:
        sentence = _("the file has %(size)s MiB, the most is 1 MiB: make it shorter")
        raise SpecError([Problem(1, 1, "", sentence % {"size": f"{size / MIB:.1f}"})])
    return bytes(upload.read())
