"""Contacts, their organisations, numbers, addresses and assets."""

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models

from helpline.people.models import Desk, User


class Organisation(models.Model):
    """A company or department whose people we help."""

    desk = models.ForeignKey(Desk, models.CASCADE, related_name="organisations")
    name = models.CharField(max_length=150)
    location = models.CharField(max_length=150, blank=True)
    account_number = models.CharField(max_length=40, blank=True)
    note = models.TextField(blank=True)

    def __str__(self) -> str:
        return self.name


class Contact(models.Model):
    """A person who needs help."""

    desk = models.ForeignKey(Desk, models.CASCADE, related_name="contacts")
    organisation = models.ForeignKey(
        Organisation, models.SET_NULL, null=True, blank=True, related_name="contacts"
    )
    name = models.CharField(max_length=150)
    #: employee id or customer number, what the greeting asks for
    user_id = models.CharField(max_length=40, blank=True)
    language = models.CharField(max_length=10, blank=True)
    location = models.CharField(max_length=150, blank=True)
    job = models.CharField(max_length=80, blank=True)
    note = models.TextField(blank=True)
    created_at = models.DateTimeField()
    #: nothing of the person is left here since then
    erased_at = models.DateTimeField(null=True, blank=True)
    #: the contact this one turned out to be; whoever is led to this one goes there
    merged_into = models.ForeignKey("self", models.SET_NULL, null=True, blank=True, related_name="merged")

    class Meta:
        indexes = [models.Index(fields=["desk", "user_id"]), models.Index(fields=["desk", "name"])]

    def __str__(self) -> str:
        return self.name


class PhoneNumber(models.Model):
    """A number of a contact in E.164 (ITU-T E.164), or a short internal number as dialled."""

    contact = models.ForeignKey(Contact, models.CASCADE, related_name="numbers")
    e164 = models.CharField(max_length=20, db_index=True)
    label = models.CharField(max_length=20, blank=True)


class EmailAddress(models.Model):
    """A mail address of a contact, lower case."""

    contact = models.ForeignKey(Contact, models.CASCADE, related_name="addresses")
    address = models.EmailField(db_index=True)


class Asset(models.Model):
    """Equipment or a licence a contact or organisation has."""

    organisation = models.ForeignKey(
        Organisation, models.CASCADE, null=True, blank=True, related_name="assets"
    )
    contact = models.ForeignKey(Contact, models.SET_NULL, null=True, blank=True, related_name="assets")
    tag = models.CharField(max_length=40, db_index=True)
    kind = models.CharField(max_length=40)
    model = models.CharField(max_length=80, blank=True)
    serial = models.CharField(max_length=60, blank=True)
    location = models.CharField(max_length=150, blank=True)
    licence = models.CharField(max_length=80, blank=True)

    def __str__(self) -> str:
        return f"{self.kind} {self.tag}"


class Merge(models.Model):
    """Two contacts that are one person, and what went from one to the other, so that it can be taken back."""

    source = models.ForeignKey(Contact, models.CASCADE, related_name="merges_out")
    target = models.ForeignKey(Contact, models.CASCADE, related_name="merges_in")
    #: key of a tie -> ids of the rows that moved
    moved = models.JSONField(default=dict, encoder=DjangoJSONEncoder)
    #: fields the target had left empty -> what the source knew (an id for the organisation)
    filled = models.JSONField(default=dict)
    at = models.DateTimeField()
    by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    undone_at = models.DateTimeField(null=True)
