"""A worker's threads: tasks that carry on after their function has returned keep none, and end as others do."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest
from celery import Celery

from diagnostics.carried_on import CarriesOn, End, Submit, at_the_end, carry_on
from portal.pool import CARRIERS, TaskPool

WITHIN = 30.0
THREADS = 8
MANY = 200

app = Celery("pool", set_as_current=False)


@app.task(base=CarriesOn, name="carrying")
def carrying(begin: Callable[[Submit], Future[None]]) -> None:
    carry_on(begin)


@app.task(name="plain")
def plain(work: Callable[[], None]) -> None:
    work()


@pytest.fixture
def pool() -> Iterator[TaskPool]:
    made = TaskPool(limit=THREADS, app=app)
    made.on_start()
    yield made
    made.on_stop()


class Told:
    """Who was told that a task is at its end."""

    def __init__(self) -> None:
        self.heard: list[Any] = []
        self._one = threading.Condition()

    def __call__(self, returned: Any) -> None:
        with self._one:
            self.heard.append(returned)
            self._one.notify_all()

    def wait_for(self, count: int) -> None:
        with self._one:
            assert self._one.wait_for(lambda: len(self.heard) >= count, WITHIN), self.heard


def give(pool: TaskPool, task: Any, argument: Any, told: Told) -> Any:
    """As a worker does: the task's name, and what it is called with."""

    def target(name: str) -> tuple[int, str, float]:
        task(argument)
        return (0, name, 0.0)

    return pool.on_apply(target, (task.name,), None, told, lambda pid, at: None)


def begins(end: Future[None], submit: Submit) -> Future[None]:
    return end


def test_hundreds_that_wait_share_a_few_threads_and_are_told_of_at_their_end(pool: TaskPool) -> None:
    told, ends = Told(), [Future[None]() for _ in range(MANY)]
    for end in ends:
        give(pool, carrying, partial(begins, end), told)
    assert told.heard == []
    names = [thread.name.partition("_")[0] for thread in threading.enumerate()]
    assert names.count("carrier") <= CARRIERS
    for number, end in enumerate(ends):
        end.set_result(None)
        assert len(told.heard) == number + 1
    assert set(told.heard) == {(0, "carrying", 0.0)}


def test_steps_are_done_by_others_while_the_task_has_returned(pool: TaskPool) -> None:
    told, by = Told(), []

    def begin(submit: Submit) -> Future[None]:
        end: Future[None] = Future()

        def step() -> None:
            by.append(threading.current_thread().name)
            end.set_result(None)

        submit(step)
        return end

    give(pool, carrying, begin, told)
    told.wait_for(1)
    assert by[0].startswith("carrier")


def test_one_that_leaves_nothing_is_at_its_end_when_it_returns(pool: TaskPool) -> None:
    told = Told()
    pool.on_apply(lambda name: (0, name, 0.0), (carrying.name,), None, told, lambda pid, at: None)
    assert told.heard == [(0, "carrying", 0.0)]


def test_other_tasks_are_done_by_threads_of_their_own(pool: TaskPool) -> None:
    told, by = Told(), []
    give(pool, plain, lambda: by.append(threading.current_thread().name), told)
    told.wait_for(1)
    assert by[0].startswith("ThreadPoolExecutor")


def test_a_failure_afterwards_is_logged_and_the_task_is_at_its_end(
    pool: TaskPool, caplog: pytest.LogCaptureFixture
) -> None:
    told, end = Told(), Future[None]()
    give(pool, carrying, partial(begins, end), told)
    with caplog.at_level(logging.ERROR, "portal.pool"):
        end.set_exception(ConnectionError("no database"))
    assert len(told.heard) == 1
    assert "task carrying failed after it had begun" in caplog.text
    assert "no database" in caplog.text


def test_a_pool_that_stops_waits_for_what_it_has_begun() -> None:
    pool, told, end = TaskPool(limit=THREADS, app=app), Told(), Future[None]()
    pool.on_start()
    give(pool, carrying, partial(begins, end), told)
    with ThreadPoolExecutor(1) as other:
        stopping = other.submit(pool.on_stop)
        with pytest.raises(TimeoutError):
            stopping.result(0.1)
        end.set_result(None)
        stopping.result(WITHIN)
    assert len(told.heard) == 1


def test_a_pool_that_stops_does_not_begin_what_nobody_has_taken_up_yet() -> None:
    pool, told = TaskPool(limit=THREADS, app=app), Told()
    pool.on_start()
    ends = {name: End() for name in ("not begun", "begun", "put back before", "put back after")}
    for name, end in ends.items():
        give(pool, carrying, partial(begins, end), told)
        assert name == "not begun" or end.take_up()
    assert ends["put back before"].put_back()
    pool.on_close()
    assert not ends["put back after"].put_back()
    assert {name for name, end in ends.items() if not end.cancelled()} == {"begun"}
    assert not any(end.take_up() for name, end in ends.items() if name != "begun")
    ends["begun"].set_result(None)
    pool.on_stop()
    assert told.heard == [(0, "carrying", 0.0)], "the others are for another worker"


def test_a_pool_that_waits_for_its_end_hears_of_what_is_put_back_meanwhile() -> None:
    pool, told, end = TaskPool(limit=THREADS, app=app), Told(), End()
    pool.on_start()
    give(pool, carrying, partial(begins, end), told)
    assert end.take_up()
    pool.on_close()
    with ThreadPoolExecutor(1) as other:
        stopping = other.submit(pool.on_stop)
        with pytest.raises(TimeoutError):
            stopping.result(0.1)
        assert not end.put_back()
        stopping.result(WITHIN)
    assert told.heard == []


def test_where_nobody_carries_on_the_task_does_its_steps_itself_and_raises_what_they_end_with() -> None:
    by: list[str] = []

    def begin(submit: Submit) -> Future[None]:
        end: Future[None] = Future()

        def last() -> None:
            by.append(threading.current_thread().name)
            end.set_exception(ConnectionError("no database"))

        def first() -> None:
            by.append(threading.current_thread().name)
            threading.Thread(target=submit, args=(last,)).start()

        submit(first)
        return end

    with pytest.raises(ConnectionError, match="no database"):
        carrying(begin)
    assert by == [threading.current_thread().name] * 2


def test_the_end_is_heard_of_at_once_where_nothing_is_left_and_else_with_it(pool: TaskPool) -> None:
    heard: list[BaseException | None] = []
    at_the_end(heard.append)
    assert heard == [None]
    told = Told()
    end: Future[None] = Future()

    def target(name: str) -> None:
        carrying(partial(begins, end))
        at_the_end(heard.append)

    pool.on_apply(target, (carrying.name,), None, told, lambda pid, at: None)
    assert heard == [None]
    problem = ConnectionError("no database")
    end.set_exception(problem)
    assert heard == [None, problem]
    end = End()
    pool.on_apply(target, (carrying.name,), None, told, lambda pid, at: None)
    assert end.cancel()
    assert isinstance(heard[-1], CancelledError)
