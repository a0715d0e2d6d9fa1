"""The audit log: a trigger that keeps PostgreSQL's TRUNCATE, and so `manage.py flush`, from emptying it."""

from django.db import migrations

from halo_site.append_only import DROP_TRUNCATE, MAKE_TRUNCATE


def make(apps, editor):
    if editor.connection.vendor == "postgresql":
        editor.execute(MAKE_TRUNCATE)


def drop(apps, editor):
    if editor.connection.vendor == "postgresql":
        editor.execute(DROP_TRUNCATE)


class Migration(migrations.Migration):

    dependencies = [
        ('halo_site', '0003_audit_filters'),
    ]

    operations = [
        migrations.RunPython(make, drop),
    ]
