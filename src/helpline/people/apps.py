from django.apps import AppConfig


class PeopleConfig(AppConfig):
    name = "helpline.people"
    label = "people"

    def ready(self) -> None:
        from helpline.people import offers

        offers.register()
