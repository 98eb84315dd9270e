import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


REFERENCES = ('desk_id', 'requester_id', 'category_id', 'priority_id', 'team_id', 'assignee_id')


def drop_doubles(apps, editor):
    """References with which another index begins need none of their own."""
    connection = editor.connection
    with connection.cursor() as cursor:
        found = connection.introspection.get_constraints(cursor, 'tickets_ticket')
    for name, one in found.items():
        if one['index'] and not one['unique'] and one['columns'] in [[column] for column in REFERENCES]:
            editor.execute(f'DROP INDEX {editor.quote_name(name)}')


VECTOR = (
    "ALTER TABLE tickets_searchtext ADD COLUMN vector tsvector "
    "GENERATED ALWAYS AS (array_to_tsvector(string_to_array(terms, ' '))) STORED",
    'DROP INDEX tickets_searchtext_terms',
    'CREATE INDEX tickets_searchtext_vector ON tickets_searchtext USING gin (vector)',
)
NO_VECTOR = (
    'ALTER TABLE tickets_searchtext DROP COLUMN vector',
    'CREATE INDEX tickets_searchtext_terms ON tickets_searchtext '
    "USING gin (array_to_tsvector(string_to_array(terms, ' ')))",
)


def keep_vector(apps, editor):
    """PostgreSQL makes it once for each row, not once for each row that a search looks at."""
    for statement in VECTOR if editor.connection.vendor == 'postgresql' else ():
        editor.execute(statement)


def drop_vector(apps, editor):
    for statement in NO_VECTOR if editor.connection.vendor == 'postgresql' else ():
        editor.execute(statement)


class Migration(migrations.Migration):

    dependencies = [
        ('customers', '0003_erased_contacts'),
        ('people', '0003_notifications'),
        ('tickets', '0007_tags_statuses'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name='ticket',
            name='tickets_tic_desk_id_1c2eed_idx',
        ),
        migrations.RemoveIndex(
            model_name='ticket',
            name='tickets_tic_assigne_294cb9_idx',
        ),
        migrations.RemoveIndex(
            model_name='ticket',
            name='tickets_tic_team_id_3fd380_idx',
        ),
        # an AlterField each would make SQLite write the whole table six times
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunPython(drop_doubles, migrations.RunPython.noop)],
            state_operations=[
                migrations.AlterField(
                    model_name='ticket',
                    name='assignee',
                    field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='tickets', to=settings.AUTH_USER_MODEL),
                ),
                migrations.AlterField(
                    model_name='ticket',
                    name='category',
                    field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='tickets', to='tickets.category'),
                ),
                migrations.AlterField(
                    model_name='ticket',
                    name='desk',
                    field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='tickets', to='people.desk'),
                ),
                migrations.AlterField(
                    model_name='ticket',
                    name='priority',
                    field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='tickets', to='tickets.priority'),
                ),
                migrations.AlterField(
                    model_name='ticket',
                    name='requester',
                    field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='tickets', to='customers.contact'),
                ),
                migrations.AlterField(
                    model_name='ticket',
                    name='team',
                    field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='tickets', to='people.team'),
                ),
            ],
        ),
        migrations.AddIndex(
            model_name='ticket',
            index=models.Index(fields=['desk', 'status', '-updated_at', '-id', 'assignee', 'team', 'category', 'priority'], name='tickets_by_status'),
        ),
        migrations.AddIndex(
            model_name='ticket',
            index=models.Index(fields=['assignee', 'status', '-updated_at', '-id', 'desk'], name='tickets_of_assignee'),
        ),
        migrations.AddIndex(
            model_name='ticket',
            index=models.Index(fields=['team', 'status', '-updated_at', '-id'], name='tickets_of_team'),
        ),
        migrations.AddIndex(
            model_name='ticket',
            index=models.Index(fields=['category', '-updated_at', '-id'], name='tickets_of_category'),
        ),
        migrations.AddIndex(
            model_name='ticket',
            index=models.Index(fields=['desk', '-updated_at', '-id'], name='tickets_moved_last'),
        ),
        migrations.AddIndex(
            model_name='ticket',
            index=models.Index(fields=['desk', '-number'], name='tickets_by_number'),
        ),
        migrations.RunPython(keep_vector, drop_vector),
    ]
