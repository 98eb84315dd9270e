"""The unit file: systemd understands it, it is locked up, and it leaves the mixer its priority."""

import configparser
import shutil
import subprocess
from pathlib import Path

import pytest

UNIT = Path(__file__).parents[4] / "deploy" / "systemd" / "helpline.service"
#: of systemd's scale from 0 (locked up) to 10 (open)
MOST_EXPOSED = 2.5

needs_systemd = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed: the unit is only read"
)


def service() -> dict[str, str]:
    parser = configparser.ConfigParser(strict=False, interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]  # names keep their capitals
    parser.read_string(UNIT.read_text())
    return dict(parser["Service"])


@needs_systemd
def test_systemd_has_nothing_to_say_against_it(tmp_path: Path) -> None:
    there = tmp_path / "helpline.service"
    there.write_text(UNIT.read_text().replace("/opt/helpline/.venv/bin/helpline", "/bin/true"))
    done = subprocess.run(
        ["systemd-analyze", "verify", str(there)], capture_output=True, text=True, check=False
    )
    said = [line for line in done.stderr.splitlines() if "helpline" in line]
    assert said == []
    assert done.returncode == 0 or "helpline" not in done.stderr


@needs_systemd
def test_it_is_locked_up() -> None:
    command = ["systemd-analyze", "security", "--offline=true", "--no-pager", str(UNIT)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if "unrecognized option" in done.stderr:
        pytest.skip("this systemd cannot judge a unit offline")
    exposure = float(done.stdout.rpartition("Overall exposure level")[2].split(":")[1].split()[0])
    assert exposure <= MOST_EXPOSED


def test_the_mixer_may_have_real_time_priority() -> None:
    found = service()
    assert "CAP_SYS_NICE" in found["AmbientCapabilities"].split()
    assert int(found["LimitRTPRIO"]) >= 10
    assert found["RestrictRealtime"] == "false"


def test_the_supervisor_has_time_to_stop_all_its_processes() -> None:
    from helpline.conf.run import ORDER
    from helpline.conf.supervisor import STOP_S

    assert float(service()["TimeoutStopSec"]) > STOP_S * len(ORDER)
    assert service()["KillMode"] == "mixed"
    assert service()["Restart"] == "always"
