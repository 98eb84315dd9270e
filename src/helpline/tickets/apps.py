from django.apps import AppConfig


class TicketsConfig(AppConfig):
    name = "helpline.tickets"
    label = "tickets"

    def ready(self) -> None:
        from helpline.tickets import offers, personal

        offers.register()
        personal.register()
