"""Keeps the processes of one Airflow alive, and makes sure that none of them outlives its owner.

Usage: keeper.py HOME keep|remove COMPONENT...

A component is an Airflow subcommand with its arguments, in one word separated by unit separators (0x1f). The keeper
makes a session of its own, starts the components in it, and writes their output to HOME/NAME.log. It stops when its
standard input is closed (which happens even when the owner is killed), when it gets SIGTERM, or when a component ends.
Then it ends every process of its session: Airflow puts tasks into process groups of their own, so the group is not enough.
With `remove` it deletes HOME last, unless a component ended by itself.
"""

import os
import select
import shutil
import signal
import subprocess
import sys
import time

GRACE_SECONDS = 3.0


def session_members(session):
    """Process ids of the session, without this process."""
    members = []
    for name in os.listdir("/proc"):
        if not name.isdigit() or int(name) == os.getpid():
            continue
        try:
            with open(f"/proc/{name}/stat", encoding="utf-8", errors="replace") as stat:
                # The command name stands in parentheses and may hold anything; the fixed fields come after it.
                state, _, _, its_session = stat.read().rpartition(")")[2].split()[:4]
        except OSError:
            continue
        if int(its_session) == session and state != "Z":
            members.append(int(name))
    return members


def signal_all(pids, sig):
    for pid in pids:
        try:
            os.kill(pid, sig)
        except ProcessLookupError:
            pass


def end_session(children):
    session = os.getsid(0)
    signal_all(session_members(session), signal.SIGTERM)
    deadline = time.monotonic() + GRACE_SECONDS
    while time.monotonic() < deadline:
        for child in children.values():
            child.poll()
        if not session_members(session):
            return
        time.sleep(0.05)
    # A process may be born while the list is read: look again until none is left.
    while members := session_members(session):
        signal_all(members, signal.SIGKILL)
        for child in children.values():
            child.poll()
        time.sleep(0.05)


def name_of(component):
    """`api-server --apps core ...` is `api-server-core`."""
    arguments = component.split("\x1f")
    return f"api-server-{arguments[2]}" if arguments[1:2] == ["--apps"] else arguments[0]


def start(home, component):
    arguments = component.split("\x1f")
    airflow = os.path.join(os.path.dirname(sys.executable), "airflow")
    with open(os.path.join(home, f"{name_of(component)}.log"), "ab") as log:
        return subprocess.Popen(
            [sys.executable, airflow, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        )


def watch(children):
    """Returns when the owner is gone or a component has ended; the text says which."""
    while True:
        readable, _, _ = select.select([sys.stdin], [], [], 0.2)
        if readable and not os.read(sys.stdin.fileno(), 4096):
            return None
        for component, child in children.items():
            if (code := child.poll()) is not None:
                return f"{name_of(component)} ended with {code}"


class Stop(Exception):
    """SIGTERM came."""


def on_sigterm(_signal, _frame):
    raise Stop


def main():
    home, after, *components = sys.argv[1:]
    os.setsid()
    # A handler, not SIG_IGN: an ignored signal would stay ignored in the components.
    signal.signal(signal.SIGTERM, on_sigterm)
    # A Ctrl-C reaches the owner; its end reaches us through standard input.
    signal.signal(signal.SIGINT, lambda *_: None)
    children = {}
    ended = None
    try:
        for component in components:
            children[component] = start(home, component)
        ended = watch(children)
    except Stop:
        pass
    finally:
        signal.signal(signal.SIGTERM, lambda *_: None)
        end_session(children)
        # After a component ended by itself the owner still wants to show its log.
        if after == "remove" and not ended:
            shutil.rmtree(home, ignore_errors=True)
    if ended:
        print(ended, flush=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
