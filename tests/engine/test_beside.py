"""Work in a thread beside."""

import os
import threading

import pytest

from parzen.engine.beside import Beside


def test_the_result_is_there_when_it_is_wanted() -> None:
    threads = []

    def work() -> int:
        threads.append(threading.current_thread())
        return 7

    beside = Beside(work)
    assert [beside.result(), beside.result()] == [7, 7]
    assert len(threads) == 1 and threads[0] is not threading.current_thread()


def test_what_fails_beside_is_raised_where_the_result_is_wanted() -> None:
    def fail() -> None:
        raise ZeroDivisionError("no")

    beside = Beside(fail)
    with pytest.raises(ZeroDivisionError, match="no"):
        beside.result()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_forked_process_works_out_for_itself_what_the_thread_did_not_finish() -> None:
    go_on, parent = threading.Event(), os.getpid()

    def work() -> int:
        if os.getpid() == parent:
            go_on.wait()
        return os.getpid()

    beside = Beside(work)
    child = os.fork()
    if child == 0:
        os._exit(0 if beside.result() == os.getpid() else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    go_on.set()
    assert beside.result() == parent
