"""pytest plugin: every test run has a data directory of its own, made before settings are read."""

import atexit
import os
import shutil
import tempfile

_directory = tempfile.mkdtemp(prefix="helpline-test-")
os.environ["HELPLINE_DATA"] = _directory
os.environ.setdefault("HELPLINE_SECRET_KEY", "only-for-tests")
os.environ.setdefault("HELPLINE_ARI_PASSWORD", "only-for-tests")
atexit.register(shutil.rmtree, _directory, ignore_errors=True)
