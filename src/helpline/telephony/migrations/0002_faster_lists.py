from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('telephony', '0001_initial'),
    ]

    operations = [
        migrations.AddIndex(
            model_name='call',
            index=models.Index(fields=['-started_at', '-id'], name='telephony_c_started_f8bf7c_idx'),
        ),
        migrations.AddIndex(
            model_name='call',
            index=models.Index(fields=['agent', '-started_at'], name='telephony_c_agent_i_0538d6_idx'),
        ),
        migrations.AddIndex(
            model_name='recording',
            index=models.Index(fields=['state', 'started_at'], name='telephony_r_state_29a280_idx'),
        ),
    ]
