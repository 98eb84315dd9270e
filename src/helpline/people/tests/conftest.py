import pytest


@pytest.fixture(autouse=True)
def quick_hashing(settings):
    """Passwords are hashed quickly here; how strong the real hash is, is Django's business."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
