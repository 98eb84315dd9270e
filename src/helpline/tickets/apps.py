from django.apps import AppConfig


class TicketsConfig(AppConfig):
    name = "helpline.tickets"
    label = "tickets"

    def ready(self) -> None:
        from helpline.tickets import condition_fields, looking, offers, personal

        condition_fields.register()
        offers.register()
        looking.register()
        personal.register()
