from django.apps import AppConfig


class KnowledgeConfig(AppConfig):
    name = "helpline.knowledge"
    label = "knowledge"

    def ready(self) -> None:
        from helpline.knowledge import offers, personal

        offers.register()
        personal.register()
