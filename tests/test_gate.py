import threading
import time

from nugetlite.gate import Gate


def in_thread(work):
    thread = threading.Thread(target=work)
    thread.start()
    return thread


def test_a_gate_closes_when_everybody_is_out():
    gate, told, entered = Gate(), [], threading.Event()

    def visit():
        with gate.inside():
            entered.set()
            time.sleep(0.05)
            told.append("out")

    visitor = in_thread(visit)
    entered.wait()
    gate.close(10)
    told.append("closed")
    visitor.join()
    assert told == ["out", "closed"]


def test_who_comes_to_a_closed_gate_waits_until_it_opens():
    gate, told = Gate(), []
    gate.close(10)

    def visit():
        with gate.inside():
            told.append("in")

    visitor = in_thread(visit)
    time.sleep(0.05)
    assert told == []
    gate.open()
    visitor.join()
    assert told == ["in"]


def test_who_is_inside_may_go_in_again_while_it_closes():
    gate, told = Gate(), []
    entered, closing = threading.Event(), threading.Event()

    def visit():
        with gate.inside():
            entered.set()
            closing.wait()
            time.sleep(0.05)
            with gate.inside():
                told.append("inside twice")
        told.append("out")

    visitor = in_thread(visit)
    entered.wait()
    closing.set()
    gate.close(10)
    assert told[0] == "inside twice"
    visitor.join()


def test_who_closes_it_from_inside_does_not_wait_for_itself():
    gate = Gate()
    began = time.monotonic()
    with gate.inside():
        gate.close(10)
    assert time.monotonic() - began < 5


def test_it_closes_after_a_while_even_if_somebody_stays():
    gate, entered, leave = Gate(), threading.Event(), threading.Event()

    def visit():
        with gate.inside():
            entered.set()
            leave.wait()

    visitor = in_thread(visit)
    entered.wait()
    gate.close(0.05)
    leave.set()
    visitor.join()


def test_visits_may_end_in_any_order_and_in_any_thread():
    gate = Gate()
    outer, inner = gate.inside(), gate.inside()
    outer.__enter__()
    inner.__enter__()
    in_thread(lambda: outer.__exit__(None, None, None)).join()
    began = time.monotonic()
    in_thread(lambda: gate.close(0.05)).join()
    assert time.monotonic() - began >= 0.05  # one visit is still under way
    gate.open()
    inner.__exit__(None, None, None)
    began = time.monotonic()
    gate.close(10)
    assert time.monotonic() - began < 5
