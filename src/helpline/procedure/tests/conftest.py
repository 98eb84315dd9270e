import pytest

from helpline.procedure.tests.story import Story, tell


@pytest.fixture
def story(db: None) -> Story:
    return tell()
