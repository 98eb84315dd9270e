from django.apps import AppConfig


class MailConfig(AppConfig):
    name = "helpline.mail"
    label = "mail"

    def ready(self) -> None:
        """Have the worker file what a crash left and erase what is due; say what is held of a person."""
        from helpline.core.registry import Periodic, periodic, searchable
        from helpline.mail import jobs, personal, retention, searching

        sweep = Periodic("file what waits", jobs.SWEEP_EVERY_S, jobs.sweep)
        periodic.register("file_mail", sweep)
        duty = Periodic("erase raw mail", retention.ERASE_EVERY_S, retention.erase_what_is_due)
        periodic.register("erase_raw_mail", duty)
        searchable.register("mail", searching.said_in_letters)
        personal.register()
