from __future__ import annotations

import os
import subprocess
import sys
import time

from sapwood.quickstart.memory import PeakMemory, Process, processes, resident

HOG = "import time; held = bytearray(60_000_000); print(flush=True); time.sleep(60)"


def test_children_and_grandchildren_and_marked_processes_count_others_do_not() -> None:
    found = {
        process.pid: process
        for process in (
            Process(10, 1, 1, "sapwood quickstart"),
            Process(11, 10, 2, "child"),
            Process(12, 11, 4, "grandchild"),
            Process(20, 1, 8, "sapwood jobs work job-7"),
            Process(21, 20, 16, "helper of the worker"),
            Process(30, 1, 32, "somebody else"),
        )
    }
    assert resident(found, 10) == 7
    assert resident(found, 10, ("job-7",)) == 31


def test_the_peak_holds_what_a_child_had_while_it_lived() -> None:
    with PeakMemory() as memory:
        before = memory.megabytes or 0
        child = subprocess.Popen([sys.executable, "-c", HOG], stdout=subprocess.PIPE)
        assert child.stdout is not None
        child.stdout.readline()
        memory.look()
        child.kill()
        child.communicate()
    assert (memory.megabytes or 0) > before + 50


def test_it_looks_by_itself() -> None:
    with PeakMemory() as memory:
        held = bytearray(80_000_000)
        time.sleep(1.2)
        size = len(held)
        del held
    assert memory.megabytes is not None
    assert memory.megabytes > size / 1e6


def test_this_process_is_among_those_found() -> None:
    own = processes()[os.getpid()]
    assert own.parent == os.getppid()
    assert own.resident > 1_000_000
