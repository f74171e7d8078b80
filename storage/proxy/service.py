"""The server's answers to requests: each verb is done once, however often its request comes."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock
from typing import Any

from ...engine.distributions.json import cached_distribution
from ...engine.exceptions import DuplicatedStudyError, UpdateFinishedTrialError
from ...engine.logging import get_logger
from ...engine.records import FrozenTrial, StudyDirection, TrialState
from ..base import BaseStorage
from ..memory import InMemoryStorage
from . import recovery
from .feed import Feed, Places
from .repeats import LastOutcomes
from .wire import (
    CLAIMED,
    CREATED,
    Identity,
    Outcome,
    Position,
    outcome_of_error,
    read_record,
    read_request,
    to_json,
    write_answer,
    write_record,
)

_logger = get_logger(__name__)


class Request:
    """What a verb may need beside its arguments.

    Attributes
    ----------
    position : Position or None
        How far the client has read the study; the answer then tells what is new.
    identity : Identity or None
        What identifies the request if it changes something.
    """

    def __init__(self, position: Position | None, identity: Identity | None) -> None:
        self.position = position
        self.identity = identity

    @property
    def is_repeated(self) -> bool:
        """Whether the request was sent before, perhaps to a server that carried it out and was killed."""
        return self.identity is not None and self.identity.attempt > 1

    @property
    def label(self) -> str:
        """A text that no other request has."""
        return "" if self.identity is None else f"{self.identity.session}:{self.identity.serial}"


class Service:
    """Answers requests from a storage.

    Parameters
    ----------
    storage
        Any storage; its own locks make it safe for the server's threads.
    """

    def __init__(self, storage: BaseStorage) -> None:
        self._storage = storage
        self._last = LastOutcomes()
        self._feeds: dict[int, Feed] = {}
        self._feeding = Lock()
        self._places: Places = {}
        self._claiming = Lock()
        self._can_restart = not isinstance(storage, InMemoryStorage)  # a server started again finds what was stored
        self._verbs = {name[3:]: getattr(self, name) for name in dir(self) if name.startswith("do_")}

    def answer(self, message: bytes) -> bytes:
        """Answer a request; a changing request that comes again gets the outcome of the first time."""
        verb, arguments, position, identity = read_request(message)
        request = Request(position, identity)

        def carry_out() -> Outcome:
            return self._carry_out(verb, arguments, request)

        outcome = carry_out() if identity is None else self._last.outcome(identity, carry_out)
        if outcome.is_error or position is None:
            return write_answer(outcome)
        try:
            return write_answer(outcome, self._feed(position.study_id).since(position))
        except Exception as error:
            return write_answer(outcome_of_error(error))

    def _carry_out(self, verb: str, arguments: list[Any], request: Request) -> Outcome:
        try:
            do: Callable[..., Any] | None = self._verbs.get(verb)
            if do is None:
                raise NotImplementedError(f"The storage proxy does not know {verb!r}: install one version everywhere.")
            return Outcome(to_json(do(request, *arguments)))
        except Exception as error:
            _logger.debug(f"{verb} failed: {error!r}")
            return outcome_of_error(error)

    # --- histories ---------------------------------------------------------------------------------------------------

    def _feed(self, study_id: int) -> Feed:
        """Find the feed of the history that the storage gives now."""
        with self._feeding:
            try:
                history = self._storage.get_history(study_id)
            except KeyError:
                self._drop(study_id)
                raise
            feed = self._feeds.get(study_id)
            if feed is None or feed.history is not history:
                self._drop(study_id)
                feed = self._feeds[study_id] = Feed(history, self._places)
            return feed

    def _drop(self, study_id: int) -> None:
        feed = self._feeds.pop(study_id, None)
        if feed is not None:
            feed.drop()

    def _touch(self, trial_id: int) -> list[Any] | None:
        """Note that a trial changed, and give epoch and clock; None if no client can have seen the trial."""
        feed, number = self._places.get(trial_id, (None, 0))
        return None if feed is None else feed.touch(number)

    def do_pull(self, request: Request) -> None:
        """Do nothing: the answer to every request with a position tells what is new."""

    # --- studies -----------------------------------------------------------------------------------------------------

    def do_create_new_study(self, request: Request, directions: list[int], name: str) -> int:
        wanted = [StudyDirection(direction) for direction in directions]
        try:
            return self._storage.create_new_study(wanted, name)
        except DuplicatedStudyError:
            study_id = recovery.created_study(self._storage, wanted, name) if request.is_repeated else None
            if study_id is None:
                raise
            return study_id

    def do_delete_study(self, request: Request, study_id: int) -> None:
        try:
            self._storage.delete_study(study_id)
        except KeyError:
            if not request.is_repeated:
                raise
        finally:
            with self._feeding:
                self._drop(study_id)

    def do_set_study_user_attr(self, request: Request, study_id: int, key: str, value: Any) -> None:
        self._storage.set_study_user_attr(study_id, key, value)

    def do_set_study_system_attr(self, request: Request, study_id: int, key: str, value: Any) -> None:
        self._storage.set_study_system_attr(study_id, key, value)

    def do_get_study_id_from_name(self, request: Request, name: str) -> int:
        return self._storage.get_study_id_from_name(name)

    def do_get_study_name_from_id(self, request: Request, study_id: int) -> str:
        return self._storage.get_study_name_from_id(study_id)

    def do_get_study_directions(self, request: Request, study_id: int) -> list[int]:
        return [int(direction) for direction in self._storage.get_study_directions(study_id)]

    def do_get_study_user_attrs(self, request: Request, study_id: int) -> dict[str, Any]:
        return self._storage.get_study_user_attrs(study_id)

    def do_get_study_system_attrs(self, request: Request, study_id: int) -> dict[str, Any]:
        return self._storage.get_study_system_attrs(study_id)

    def do_get_all_studies(self, request: Request) -> list[Any]:
        return [
            [s._study_id, s.study_name, [int(d) for d in s.directions], s.user_attrs, s.system_attrs]
            for s in self._storage.get_all_studies()
        ]

    # --- new trials --------------------------------------------------------------------------------------------------

    def _created_before(self, request: Request, study_id: int, records: list[FrozenTrial]) -> list[int] | None:
        """Find what a request created before it was repeated; otherwise label trials that could not be found by it."""
        if request.is_repeated and request.position is not None:
            history = self._storage.get_history(study_id)
            created = recovery.created_trials(history, request.position.n, records, request.label)
            if created is not None:
                return created
        for record in records if self._can_restart else []:
            if record.datetime_start is None:
                record.system_attrs[CREATED] = request.label
        return None

    def do_create_trials_at(
        self, request: Request, study_id: int, number: int, templates: list[list[Any]]
    ) -> list[int] | None:
        records = [read_record(template) for template in templates]
        created = self._created_before(request, study_id, records)
        return self._storage.create_trials_at(study_id, number, records) if created is None else created

    def do_create_trial_if_read(self, request: Request, study_id: int, template: list[Any]) -> int | None:
        record = read_record(template)
        created = self._created_before(request, study_id, [record])
        if created is None and request.position is not None and self._feed(study_id).is_read(request.position):
            created = self._storage.create_trials_at(study_id, record.number, [record])
        return created[0] if created else None

    def do_create_new_trials(self, request: Request, study_id: int, templates: list[list[Any]]) -> list[int]:
        records = [read_record(template) for template in templates]
        created = self._created_before(request, study_id, records)
        if created is not None:
            return created
        if len(records) == 1:
            return [self._storage.create_new_trial(study_id, records[0])]
        return self._storage.create_new_trials(study_id, records)

    def do_claim_waiting_trial(self, request: Request, study_id: int) -> int | None:
        with self._claiming:
            if request.is_repeated:
                claimed = recovery.claimed_trial(self._storage.get_history(study_id), request.label)
                if claimed is not None:
                    return claimed
            while True:
                history = self._storage.get_history(study_id)
                with history.lock:
                    number = history.next_waiting()
                    if number is None:
                        return None
                    trial_id = history.live[number]._trial_id
                if self._start(request, trial_id):
                    return trial_id

    def _start(self, request: Request, trial_id: int) -> bool:
        """Start a waiting trial, with the request's label, by which the trial is found if the answer is lost."""
        try:
            if self._can_restart:
                self._storage.set_trial_system_attr(trial_id, CLAIMED, request.label)
            return self._storage.set_trial_state_values(trial_id, TrialState.RUNNING)
        except UpdateFinishedTrialError:  # another worker was faster, and is even done
            return False
        finally:
            self._touch(trial_id)

    def _resume(self, request: Request, trial_id: int) -> bool:
        """Resume a paused trial, which gets the request's label only after that: before, it cannot be changed."""
        is_resumed = self._storage.set_trial_state_values(trial_id, TrialState.RUNNING)
        if is_resumed and self._can_restart:
            self._storage.set_trial_system_attr(trial_id, CLAIMED, request.label)
        self._touch(trial_id)
        return is_resumed

    # --- changing trials ---------------------------------------------------------------------------------------------

    def do_start_trial(self, request: Request, trial_id: int) -> bool:
        with self._claiming:
            trial = self._storage.get_trial(trial_id)
            if request.is_repeated and recovery.is_claimed(trial, request.label):
                return True
            if trial.state == TrialState.WAITING and self._start(request, trial_id):
                return True
            if trial.state == TrialState.PAUSED:
                return self._resume(request, trial_id)
        self._touch(trial_id)  # for the client it still waits, and another one has started it: the answer has to say so
        return self._storage.set_trial_state_values(trial_id, TrialState.RUNNING)

    def do_requeue_trial(self, request: Request, trial_id: int) -> bool:
        done = self._storage.set_trial_state_values(trial_id, TrialState.WAITING)
        self._touch(trial_id)
        return done

    def do_finish_trials(
        self, request: Request, trial_ids: list[int], states: list[int], values: list[list[float] | None]
    ) -> None:
        ends = list(zip(trial_ids, map(TrialState, states), values, strict=True))
        if request.is_repeated:
            ends = recovery.unfinished(self._storage, ends)
        if len(ends) == 1:
            self._storage.set_trial_state_values(*ends[0])
        elif ends:
            ids, kinds, told = zip(*ends, strict=True)
            self._storage.finish_trials(ids, kinds, told)

    def do_set_trial_params(self, request: Request, trial_id: int, params: list[list[Any]]) -> list[Any] | None:
        read = {name: (internal, cached_distribution(text)) for name, internal, text in params}
        if len(read) == 1:
            for name, (internal, distribution) in read.items():
                self._storage.set_trial_param(trial_id, name, internal, distribution)
        else:
            self._storage.set_trial_params(trial_id, read)
        return self._touch(trial_id)

    def do_set_trial_intermediate_value(
        self, request: Request, trial_id: int, step: int, value: float
    ) -> list[Any] | None:
        self._storage.set_trial_intermediate_value(trial_id, step, value)
        return self._touch(trial_id)

    def do_set_trial_user_attr(self, request: Request, trial_id: int, key: str, value: Any) -> list[Any] | None:
        self._storage.set_trial_user_attr(trial_id, key, value)
        return self._touch(trial_id)

    def do_set_trial_system_attr(self, request: Request, trial_id: int, key: str, value: Any) -> list[Any] | None:
        self._storage.set_trial_system_attr(trial_id, key, value)
        return self._touch(trial_id)

    def do_set_trials_system_attrs(self, request: Request, attrs: list[tuple[int, dict[str, Any]]]) -> None:
        self._storage.set_trials_system_attrs(dict(attrs))
        for trial_id, _ in attrs:
            self._touch(trial_id)

    def do_correct_values(self, request: Request, trial_id: int, values: list[float]) -> None:
        self._storage.correct_values(trial_id, values)

    def do_erase_trial(self, request: Request, trial_id: int) -> None:
        self._storage.erase_trial(trial_id)

    # --- reading trials ----------------------------------------------------------------------------------------------

    def do_get_trial(self, request: Request, trial_id: int) -> list[Any]:
        return write_record(self._storage.get_trial(trial_id))

    def do_get_trial_id_from_study_id_trial_number(self, request: Request, study_id: int, number: int) -> int:
        return self._storage.get_trial_id_from_study_id_trial_number(study_id, number)

    def do_get_trial_number_from_id(self, request: Request, trial_id: int) -> int:
        return self._storage.get_trial_number_from_id(trial_id)

    def do_locate_trial(self, request: Request, trial_id: int) -> int:
        """Find the study of an unfinished trial. No storage has a verb for that, so all studies may be searched."""
        trial = self._storage.get_trial(trial_id)
        self._storage.check_trial_is_updatable(trial_id, trial.state)
        feed, _ = self._places.get(trial_id, (None, 0))
        known = [study_id for study_id, owner in list(self._feeds.items()) if owner is feed]
        for study_id in known or [study._study_id for study in self._storage.get_all_studies()]:
            if self._is_in(study_id, trial):
                return study_id
        raise KeyError(f"No trial with id {trial_id} exists.")

    def _is_in(self, study_id: int, trial: FrozenTrial) -> bool:
        try:
            found = self._storage.get_trial_id_from_study_id_trial_number(study_id, trial.number)
        except KeyError:
            return False
        return found == trial._trial_id
