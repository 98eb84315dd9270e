from django.apps import AppConfig


class MailConfig(AppConfig):
    name = "helpline.mail"
    label = "mail"

    def ready(self) -> None:
        """Have the worker file what a crash left and erase what is due; say what is held of a person."""
        from helpline.core.registry import Periodic, periodic
        from helpline.mail import drafting, jobs, noticing, offers, personal, retention, sending_jobs

        sweep = Periodic("file what waits", jobs.SWEEP_EVERY_S, jobs.sweep)
        periodic.register("file_mail", sweep)
        letters = Periodic("send what waits", sending_jobs.SWEEP_EVERY_S, sending_jobs.sweep)
        periodic.register("send_mail", letters)
        duty = Periodic("erase raw mail", retention.ERASE_EVERY_S, retention.erase_what_is_due)
        periodic.register("erase_raw_mail", duty)
        drafts = Periodic("forget sent drafts", drafting.FORGET_EVERY_S, drafting.duty)
        periodic.register("forget_drafts", drafts)
        told = Periodic("mail notices", noticing.EVERY_S, noticing.duty)
        periodic.register("mail_notices", told)
        noticing.register()
        offers.register()
        personal.register()
