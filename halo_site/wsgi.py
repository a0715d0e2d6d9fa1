"""The web process's entry point."""

import os

from django.core.wsgi import get_wsgi_application

os.umask(0o077)
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "halo_site.settings")
application = get_wsgi_application()
