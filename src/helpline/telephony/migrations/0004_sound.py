from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('telephony', '0003_trunks'),
    ]

    operations = [
        migrations.AddField(
            model_name='leg',
            name='sound',
            field=models.JSONField(default=dict),
        ),
        migrations.AddField(
            model_name='recording',
            name='talk',
            field=models.JSONField(default=dict),
        ),
    ]
