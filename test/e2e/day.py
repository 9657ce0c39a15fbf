#!/usr/bin/env python3
"""A day at a small site, played over XML-RPC by Python's own xmlrpc.client.

    day.py URL USER PASSWORD KERNEL_FOLDER

A distro, two profiles, five systems. web1 installs cleanly, web2 breaks, web3 goes silent and comes back, db1 starts
over, db2 waits for its turn, and a machine nobody registered is installed by profile. Prints one JSON object a line:
`{"step": NAME, "value": …}` for what was seen, `{"pause": NAME}` where it waits for a line on standard input, so that
the test can look at what people were told by then. Never sleeps for a fixed time: it waits for conditions.
"""
import json
import os
import select
import sys
import time
import xmlrpc.client

DEADLINE_SECONDS = 90


def show(**what):
    print(json.dumps(what), flush=True)


def wait_for(what, look):
    end = time.monotonic() + DEADLINE_SECONDS
    while True:
        found = look()
        if found:
            return found
        if time.monotonic() > end:
            raise SystemExit("not within %d s: %s" % (DEADLINE_SECONDS, what))
        time.sleep(0.05)


def pause(name, meanwhile=lambda: None):
    """Until the test says go on; a machine in the middle of its install keeps working."""
    show(pause=name)
    while not select.select([sys.stdin], [], [], 0.3)[0]:
        meanwhile()
    sys.stdin.readline()


class Day:
    def __init__(self, url, user, password):
        self.server = xmlrpc.client.ServerProxy(url + "/cobbler_api")
        self.token = self.server.login(user, password)

    def save(self, kind, name, **fields):
        """new_T, modify_T …, save_T, as every Cobbler script does it."""
        call = lambda verb: getattr(self.server, verb + "_" + kind)
        handle = call("new")(self.token)
        for field, value in dict(name=name, **fields).items():
            if not call("modify")(handle, field, value, self.token):
                raise SystemExit("modify_%s did not know the field %s" % (kind, field))
        call("save")(handle, self.token)

    def report(self, name, token="", **status):
        return self.server.update_status(name, status, token)

    def status(self, name):
        return self.server.get_status(name, self.token)

    def next_second(self, since):
        """Cobbler's log counts whole seconds: what happens inside one is no second start and no later stop."""
        wait_for("the next second", lambda: int(time.time()) > int(since))

    # ---- the site

    def furnish(self, folder):
        for name in ("vmlinuz", "initrd.img"):
            open(os.path.join(folder, name), "a").close()
        self.save(
            "distro",
            "el9",
            arch="x86_64",
            breed="redhat",
            os_version="rhel9",
            kernel=os.path.join(folder, "vmlinuz"),
            initrd=os.path.join(folder, "initrd.img"),
        )
        self.save("profile", "web", distro="el9")
        self.save("profile", "db", distro="el9")
        self.save("contact", "ada", email=["ada@example.org"], sms=["+491700000002"])
        self.save("contact", "bob", email=["bob@example.org"])
        self.save(
            "subscription",
            "bob-web1",
            contact="bob",
            channel="email",
            scope_type="system",
            scope="web1",
            reasons=["started", "progress", "finished"],
            progress_every=25,
        )
        for number, (name, profile) in enumerate(
            [("web1", "web"), ("web2", "web"), ("web3", "web"), ("db1", "db"), ("db2", "db")], 1
        ):
            self.save(
                "system",
                name,
                profile=profile,
                owners=["ada"] if name == "web3" else ["nobody"],
                modify_interface={
                    "macaddress-eth0": "52:54:00:00:00:0%d" % number,
                    "ipaddress-eth0": "10.20.0.%d" % number,
                },
                netboot_enabled=name in ("web1", "db2"),
            )
        show(step="inventory", value={kind: self.server.get_item_names(kind) for kind in ("distro", "profile", "system")})

    # ---- the stories

    def installs_cleanly(self):
        show(step="planned", value=self.status("web1"))
        answers = [self.report("web1", state="started")]
        self.work_until_told("web1 started", answers)
        for status in [
            dict(phase="storage", percent=15),
            dict(phase="packages", percent=27.5, message="kernel-core (40/403)", event_id="web1-packages"),
            dict(phase="packages", percent=27.5, message="kernel-core (40/403)", event_id="web1-packages"),
            dict(phase="packages", percent=52, message="glibc (210/403)"),
            dict(phase="packages", percent=48, message="a clock went wrong"),
            dict(state="heartbeat"),
        ]:
            answers.append(self.report("web1", **status))
        self.work_until_told("web1 progress", answers)
        for status in [
            dict(phase="bootloader", percent=76),
            dict(phase="configure", percent=85),
            dict(phase="post", percent=92),
            dict(phase="finalize", percent=98),
        ]:
            answers.append(self.report("web1", **status))
        self.next_second(answers[0]["started"])
        answers.append(self.report("web1", state="finished"))
        show(step="clean", value=answers)
        show(step="clean log", value=self.server.get_run_log(answers[0]["run_id"], 0, self.token))

    def work_until_told(self, name, answers):
        """A little further every time, as an installer does, so that the wait is no silence."""
        percent = answers[-1]["percent"]
        done = [0 if percent == "~" else percent]

        def work():
            done[0] += 0.1
            self.report("web1", percent=done[0])

        pause(name, work)

    def breaks(self):
        pause("web1 finished")
        self.report("web2", state="started")
        self.report("web2", phase="storage", percent=15)
        answer = self.report("web2", state="error", error="No usable disks were found.")
        late = self.report("web2", phase="storage", percent=16)
        show(step="broken", value=[answer, late])
        pause("web2 failed")

    def goes_silent(self):
        self.report("web3", state="started")
        return self.report("web3", phase="packages", percent=40)

    def comes_back(self):
        stalled = wait_for("web3 counts as stalled", lambda: self.stalled("web3"))
        show(step="silent", value=stalled)
        pause("web3 stalled")
        resumed = self.report("web3", phase="packages", percent=55)
        self.report("web3", phase="post", percent=92)
        finished = self.report("web3", state="finished")
        show(step="back", value=[resumed, finished])
        show(step="back log", value=self.server.get_run_log(finished["run_id"], 0, self.token))

    def stalled(self, name):
        status = self.status(name)
        return status["status"] == "stalled" and status

    def starts_over(self):
        """As a kickstart does it: the triggers say start and end, the machine's own address comes along."""
        self.server.run_install_triggers("pre", "system", "db1", "10.20.0.4")
        first = self.report("db1", phase="packages", percent=30)
        self.next_second(first["started"])
        self.server.run_install_triggers("pre", "system", "db1", "10.20.0.4")
        second = self.report("db1", phase="packages", percent=30)
        self.next_second(second["started"])
        self.server.run_install_triggers("post", "system", "db1", "10.20.0.4")
        show(step="started over", value=self.server.get_runs({"system": "db1"}, self.token))

    def installs_by_profile(self):
        self.report("profile:db", state="started")
        self.report("profile:db", phase="packages", percent=44)
        answer = self.report("profile:db", state="finished")
        show(step="by profile", value=answer)

    # ---- the evening

    def look_back(self):
        for name in ("web1", "web2", "web3", "db1", "db2", "profile:db"):
            show(step="status of " + name, value=self.status(name))
        show(step="status normal", value=self.server.get_status("normal", self.token))
        show(step="status text", value=self.server.get_status("text", self.token))
        show(step="runs", value=self.server.get_runs({}, self.token))
        show(step="failed runs", value=self.server.get_runs({"status": "failed"}, self.token))
        show(step="faults", value=self.faults())
        show(step="asked for", value=self.server.send_status({"system": "web1"}, ["ada"], self.token))

    def faults(self):
        calls = {
            "status of nobody": lambda: self.server.get_status("nobody", self.token),
            "status without a token": lambda: self.server.get_status("web1"),
            "report about nobody": lambda: self.report("nobody", percent=10),
            "percent 140": lambda: self.report("db2", percent=140),
            "unknown phase": lambda: self.report("db2", phase="lunch"),
        }
        faults = {}
        for name, call in calls.items():
            try:
                faults[name] = "no fault: %r" % (call(),)
            except xmlrpc.client.Fault as fault:
                faults[name] = fault.faultString
        return faults


def main():
    url, user, password, folder = sys.argv[1:]
    day = Day(url, user, password)
    day.furnish(folder)
    day.installs_cleanly()
    day.breaks()
    day.goes_silent()
    day.starts_over()
    day.installs_by_profile()
    day.comes_back()
    day.look_back()


if __name__ == "__main__":
    main()
