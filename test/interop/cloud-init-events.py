"""Reports through cloud-init's own webhook reporter, as an instance configured for it does.

cloud-init-events.py DIST_PACKAGES URL ROUND: ROUND `install` tells an install by curtin's names, `boot` a first boot.
"""
import sys

sys.path.insert(0, sys.argv[1])
from cloudinit import reporting  # noqa: E402
from cloudinit.reporting import events, flush_events  # noqa: E402

ROUNDS = {
    "live": ["init-local", "init-network", "modules-config", "modules-final"],
    "install": ["cmd-install/stage-partitioning", "cmd-install/stage-extract", "cmd-install/stage-curthooks"],
    "boot": ["init-local", "init-network", "modules-config", "modules-final"],
}

_, _, url, name = sys.argv
reporting.update_configuration(
    {"kickwatch": {"type": "webhook", "endpoint": url, "timeout": 10, "retries": 1, "consumer_key": None}}
)


def report(step, work=None):
    events.report_start_event(step, "doing " + step)
    if work:
        work()
    events.report_finish_event(step, "done with " + step, events.status.SUCCESS)


def steps():
    for step in ROUNDS[name]:
        report(step)


if name == "install":
    report("cmd-install", steps)
else:
    steps()
flush_events()
