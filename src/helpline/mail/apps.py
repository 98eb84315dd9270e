from django.apps import AppConfig


class MailConfig(AppConfig):
    name = "helpline.mail"
    label = "mail"

    def ready(self) -> None:
        """Have the worker file what a crash left and erase what is due; say what is held of a person."""
        from helpline.core.registry import Periodic, periodic
        from helpline.mail import jobs, letter_parts, moving, personal, retention

        sweep = Periodic("file what waits", jobs.SWEEP_EVERY_S, jobs.sweep)
        periodic.register("file_mail", sweep)
        duty = Periodic("erase raw mail", retention.ERASE_EVERY_S, retention.erase_what_is_due)
        periodic.register("erase_raw_mail", duty)
        personal.register()
        moving.register()
        letter_parts.register()
