from django.db import migrations

from centripetal.django.operations import CreateOutbox


class Migration(migrations.Migration):
    dependencies = [("shop", "0001_initial")]
    operations = [CreateOutbox()]
