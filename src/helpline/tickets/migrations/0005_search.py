import django.db.models.deletion
from django.db import migrations, models

FTS = (
    "CREATE VIRTUAL TABLE tickets_searchfts USING fts5(terms, content='tickets_searchtext', "
    "content_rowid='ticket_id', tokenize=\"ascii tokenchars '_'\", detail='none', columnsize=0)",
    """CREATE TRIGGER tickets_searchtext_in AFTER INSERT ON tickets_searchtext BEGIN
        INSERT INTO tickets_searchfts(rowid, terms) VALUES (new.ticket_id, new.terms); END""",
    """CREATE TRIGGER tickets_searchtext_out AFTER DELETE ON tickets_searchtext BEGIN
        INSERT INTO tickets_searchfts(tickets_searchfts, rowid, terms)
        VALUES ('delete', old.ticket_id, old.terms); END""",
    """CREATE TRIGGER tickets_searchtext_anew AFTER UPDATE ON tickets_searchtext BEGIN
        INSERT INTO tickets_searchfts(tickets_searchfts, rowid, terms)
        VALUES ('delete', old.ticket_id, old.terms);
        INSERT INTO tickets_searchfts(rowid, terms) VALUES (new.ticket_id, new.terms); END""",
)
GIN = (
    "CREATE INDEX tickets_searchtext_terms ON tickets_searchtext "
    "USING gin (array_to_tsvector(string_to_array(terms, ' ')))",
)


def make(apps, editor):
    """The full-text index of the database in use."""
    for statement in FTS if editor.connection.vendor == "sqlite" else GIN:
        editor.execute(statement)


def drop(apps, editor):
    """On PostgreSQL the index goes with its table."""
    if editor.connection.vendor == "sqlite":
        editor.execute("DROP TABLE tickets_searchfts")


class Migration(migrations.Migration):

    dependencies = [
        ('tickets', '0004_mentions'),
    ]

    operations = [
        migrations.CreateModel(
            name='SearchPart',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('part', models.CharField(db_index=True, max_length=41)),
                ('word', models.CharField(max_length=40)),
            ],
        ),
        migrations.CreateModel(
            name='SearchText',
            fields=[
                ('ticket', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='+', serialize=False, to='tickets.ticket')),
                ('terms', models.TextField()),
            ],
        ),
        migrations.CreateModel(
            name='SearchWord',
            fields=[
                ('word', models.CharField(max_length=40, primary_key=True, serialize=False)),
                ('name', models.BooleanField(default=False)),
            ],
        ),
        migrations.RunPython(make, drop),
    ]
