"""The audit log: an index for what one actor did, and triggers that keep its lines as they are."""

from django.db import migrations, models

from halo_site.append_only import dropping, making


def make(apps, editor):
    for statement in making(editor.connection.vendor):
        editor.execute(statement)


def drop(apps, editor):
    for statement in dropping(editor.connection.vendor):
        editor.execute(statement)


class Migration(migrations.Migration):

    dependencies = [
        ('halo_site', '0002_members_of_spaces'),
    ]

    operations = [
        migrations.AlterModelOptions(
            name='auditentry',
            options={'base_manager_name': 'objects', 'verbose_name': 'audit entry', 'verbose_name_plural': 'audit entries'},
        ),
        migrations.AddIndex(
            model_name='auditentry',
            index=models.Index(fields=['actor', '-ts'], name='idx_audit_actor'),
        ),
        migrations.RunPython(make, drop),
    ]
