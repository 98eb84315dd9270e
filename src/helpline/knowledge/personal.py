"""Articles are about problems; where one names a caller, the name goes when the caller is erased."""

from helpline.core import registry
from helpline.core.personal import Asked, Held, Part, Person, PersonalData
from helpline.core.redaction import sweep
from helpline.knowledge.models import Article


def held(person: Person) -> Held:
    """Nothing worth a line."""
    return Held()


def give(asked: Asked) -> Part:
    """Articles hold nothing about a person of their own."""
    return Part()


def forget(asked: Asked) -> None:
    """Take the person out of articles of the desk that mention them."""
    articles = Article.objects.filter(desk_id=asked.person.desk_id)
    sweep(articles, ["title", "summary", "body", "keywords"], asked.person.anywhere)


def register() -> None:
    """Called once when the program starts."""
    registry.personal.register("articles", PersonalData(held, give, forget), order=50)
