"""Hands the installation's settings to the embedded switch, which knows nothing of Helpline."""

import os
import sys

from helpline.conf.environment import Environment


def switch_environment(env: Environment) -> dict[str, str]:
    """The variables the switch reads, from ours."""
    return {
        "HELPLINE_DATA": str(env.data),
        "HELPLINE_PORT": str(env.port),
        "HELPLINE_SIP_HOST": env.sip_host,
        "HELPLINE_SIP_PORT": str(env.sip_port),
        "HELPLINE_ARI_HOST": env.ari_host,
        "HELPLINE_ARI_PORT": str(env.ari_port),
        "HELPLINE_ARI_USER": env.ari_user,
        "HELPLINE_ARI_PASSWORD": env.ari_password,
        "HELPLINE_WS_ORIGINS": ",".join(env.origins),
    }


def become_switch(env: Environment) -> int:
    """Replace this process by the switch."""
    os.execve(
        sys.executable,
        [sys.executable, "-m", "helpline_switch"],
        {**os.environ, **switch_environment(env)},
    )
