"""What Django's own question for a right is answered with: in its admin, the role administrator counts."""

from typing import Any

from django.contrib.auth.backends import BaseBackend

from halo_site.roles import Role, standing_of


class AdministratorRights(BaseBackend):
    """Gives administrators every right that Django's admin asks for, superuser or not; signs nobody in."""

    def has_perm(self, user_obj: Any, perm: str, obj: Any = None) -> bool:
        return standing_of(user_obj).may(Role.ADMINISTRATOR)

    def has_module_perms(self, user_obj: Any, app_label: str) -> bool:
        return standing_of(user_obj).may(Role.ADMINISTRATOR)
