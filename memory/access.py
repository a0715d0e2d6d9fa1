"""Which memory a person may look at. The one place to ask: search, links and backlinks go through here."""

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser

from memory.places import Place, all_places

Reader = AbstractBaseUser | AnonymousUser


def readable_places(reader: Reader) -> dict[str, Place]:
    """Return the places that ``reader`` may see, by their keys, in the order in which pages list them.

    Whoever is signed in may see all of them; roles will narrow it here. An app that is not installed any more
    has no place.
    """
    return {place.key: place for place in all_places()} if reader.is_authenticated else {}
