"""Keeps one server process alive for a test, and makes sure that neither it nor its children outlive the test.

Usage: server_keeper.py UID DIRECTORY LOG PROGRAM ARGUMENT...

UID is the user the server runs as, or `-` for the user of this process. A line on standard input is a command: `kill` ends
the server and its children with SIGKILL, `stop` ends it in order, `start` starts it again; `pause`
makes them stand still, `resume` lets them go on. Each is answered with a line. When standard input is
closed, which happens even when the owner is killed, the server is ended in order, and DIRECTORY is removed.
"""

import os
import shutil
import signal
import subprocess
import sys
import threading

GRACE_SECONDS = 10.0


def descendants(pid):
    """Process ids of the children of a process, and of theirs."""
    parents = {}
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        try:
            with open(f"/proc/{name}/stat", encoding="utf-8", errors="replace") as stat:
                # The command name stands in parentheses and may hold anything; the fixed fields come after it.
                parents[int(name)] = int(stat.read().rpartition(")")[2].split()[1])
        except OSError:
            continue
    found = [pid]
    for parent in found:
        found.extend(child for child, its_parent in parents.items() if its_parent == parent)
    return found[1:]


def signal_all(server, number):
    # A parent first: while it stands still it starts no more children.
    for pid in [server.pid, *descendants(server.pid)]:
        os.kill(pid, number)


def exists(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as stat:
            return stat.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def kill(server):
    """Ends the server as a machine does that fails: nobody is told before."""
    # A stopped parent starts no more children while they are listed.
    server.send_signal(signal.SIGSTOP)
    children = descendants(server.pid)
    for pid in [server.pid, *children]:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
    server.wait()
    while any(exists(pid) for pid in children):
        threading.Event().wait(0.01)


def end(server):
    if server.poll() is None:
        # PostgreSQL and PgBouncer both end at once but in order.
        server.send_signal(signal.SIGINT)
        try:
            server.wait(GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            kill(server)


def main():
    uid, directory, log, *command = sys.argv[1:]
    os.setsid()
    # A Ctrl-C reaches the owner; its end reaches us through standard input.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    user = {} if uid == "-" else {"user": int(uid), "group": int(uid), "extra_groups": []}

    def start():
        with open(log, "ab") as output:
            return subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=directory,
                # An ignored signal would stay ignored in the server.
                preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
                **user,
            )

    server = start()
    try:
        for line in sys.stdin:
            if line == "kill\n":
                kill(server)
            elif line == "stop\n":
                end(server)
            elif line == "pause\n":
                signal_all(server, signal.SIGSTOP)
            elif line == "resume\n":
                signal_all(server, signal.SIGCONT)
            elif line == "start\n":
                server = start()
            print("done", flush=True)
    finally:
        end(server)
        shutil.rmtree(directory, ignore_errors=True)


if __name__ == "__main__":
    main()
