from django.apps import AppConfig


class CustomersConfig(AppConfig):
    name = "helpline.customers"
    label = "customers"

    def ready(self) -> None:
        from helpline.customers import offers, personal

        offers.register()
        personal.register()
