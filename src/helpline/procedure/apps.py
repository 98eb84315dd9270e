from django.apps import AppConfig


class ProcedureConfig(AppConfig):
    name = "helpline.procedure"
    label = "procedure"

    def ready(self) -> None:
        from helpline.procedure import listening, offers, personal

        listening.register()
        offers.register()
        personal.register()
