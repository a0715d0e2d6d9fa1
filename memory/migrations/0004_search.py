from typing import Any

import django.db.models.deletion
from django.db import migrations, models

SQLITE = (
    """
    CREATE VIRTUAL TABLE memory_index_fts USING fts5(
        words, content='memory_index', content_rowid='revision_id',
        detail=none, columnsize=0, prefix='1 2', tokenize='ascii'
    )
    """,
    """
    CREATE TRIGGER memory_index_added AFTER INSERT ON memory_index BEGIN
        INSERT INTO memory_index_fts (rowid, words) VALUES (new.revision_id, new.words);
    END
    """,
    """
    CREATE TRIGGER memory_index_removed AFTER DELETE ON memory_index BEGIN
        INSERT INTO memory_index_fts (memory_index_fts, rowid, words)
        VALUES ('delete', old.revision_id, old.words);
    END
    """,
    """
    CREATE TRIGGER memory_index_changed AFTER UPDATE OF words, revision_id ON memory_index BEGIN
        INSERT INTO memory_index_fts (memory_index_fts, rowid, words)
        VALUES ('delete', old.revision_id, old.words);
        INSERT INTO memory_index_fts (rowid, words) VALUES (new.revision_id, new.words);
    END
    """,
)
SQLITE_BACK = (
    "DROP TRIGGER memory_index_changed",
    "DROP TRIGGER memory_index_removed",
    "DROP TRIGGER memory_index_added",
    "DROP TABLE memory_index_fts",
)
POSTGRES = ("CREATE INDEX idx_memory_index_words ON memory_index USING gin ((words::tsvector))",)
POSTGRES_BACK = ("DROP INDEX idx_memory_index_words",)
# Files that are there as far as revisions know; the clock reads them and indexes them later
LIST = """
    INSERT INTO memory_index (revision_id, place, path)
    SELECT id, place, path FROM memory_revisions
    WHERE sha256 <> '' AND id IN (SELECT max(id) FROM memory_revisions GROUP BY place, path)
"""


def make_finders(apps: Any, editor: Any) -> None:
    for statement in SQLITE if editor.connection.vendor == "sqlite" else POSTGRES:
        editor.execute(statement)


def drop_finders(apps: Any, editor: Any) -> None:
    for statement in SQLITE_BACK if editor.connection.vendor == "sqlite" else POSTGRES_BACK:
        editor.execute(statement)


class Migration(migrations.Migration):

    dependencies = [
        ("memory", "0003_edited_and_renamed"),
    ]

    operations = [
        migrations.CreateModel(
            name="IndexedDocument",
            fields=[
                (
                    "revision",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="indexed",
                        serialize=False,
                        to="memory.revision",
                        verbose_name="revision",
                    ),
                ),
                ("place", models.TextField(verbose_name="place")),
                ("path", models.TextField(verbose_name="path")),
                ("short_name", models.TextField(blank=True, db_default="", default="", verbose_name="short name")),
                ("version", models.IntegerField(db_default=0, default=0, verbose_name="version")),
                ("is_cut", models.BooleanField(db_default=False, default=False, verbose_name="is cut")),
                ("words", models.TextField(blank=True, db_default="", default="", verbose_name="words")),
            ],
            options={
                "verbose_name": "indexed file",
                "verbose_name_plural": "indexed files",
                "db_table": "memory_index",
                "indexes": [
                    models.Index(fields=["short_name"], name="idx_memory_index_short_name"),
                    models.Index(fields=["version"], name="idx_memory_index_version"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("place", "path"), name="uq_memory_index_document")
                ],
            },
        ),
        migrations.CreateModel(
            name="Link",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("target", models.TextField(verbose_name="target")),
                ("short_name", models.TextField(verbose_name="short name")),
                (
                    "document",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="links",
                        to="memory.indexeddocument",
                        verbose_name="file",
                    ),
                ),
            ],
            options={
                "verbose_name": "link",
                "verbose_name_plural": "links",
                "db_table": "memory_links",
                "indexes": [models.Index(fields=["short_name"], name="idx_memory_links_short_name")],
            },
        ),
        migrations.RunPython(make_finders, drop_finders),
        migrations.RunSQL(LIST, migrations.RunSQL.noop),
    ]
