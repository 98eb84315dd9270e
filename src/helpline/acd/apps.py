from django.apps import AppConfig


class AcdConfig(AppConfig):
    name = "helpline.acd"
    label = "acd"

    def ready(self) -> None:
        """Put bar, state, rail entries, search and call items of this room into shell and pages."""
        from helpline.acd import desk_stock, item_parts, personal, shell_parts

        shell_parts.register()
        item_parts.register()
        personal.register()
        desk_stock.register()
