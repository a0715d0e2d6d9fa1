"""Settings of the test suite: a throw-away data directory, real database files, quick passwords."""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

_scratch = Path(tempfile.mkdtemp(prefix="halo-site-tests-"))
atexit.register(shutil.rmtree, _scratch, ignore_errors=True)
for _name in [name for name in os.environ if name.startswith("HALO_") and name != "HALO_CHAOS_SEED"]:
    del os.environ[_name]
os.environ["HALO_DATA_DIR"] = str(_scratch / "data")

from halo_site.settings import *  # noqa: E402, F403
from halo_site.settings import DATABASES  # noqa: E402

# An in-memory database has no WAL, no locks and no second process (DESIGN §10)
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    DATABASES["default"]["TEST"] = {"NAME": str(_scratch / "test.db")}
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
# Else each test client reads the whole static folder again: a fifth of what a test of a page takes
WHITENOISE_AUTOREFRESH = True
