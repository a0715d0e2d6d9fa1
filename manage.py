#!/usr/bin/env python3
"""Halo Site's command line. On a machine that lacks what it needs, it first installs that into `.venv`."""

import atexit
import gc
import os
import sys

from halo_site import bootstrap


def main() -> int:
    """Run one command; every failure is one line and a non-zero exit."""
    bootstrap.ensure(sys.argv)
    os.umask(0o077)
    atexit.register(gc.freeze)  # else Python looks once more through all that it is about to throw away
    is_test = sys.argv[1:2] == ["test"]
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings" if is_test else "halo_site.settings")
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line

    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
