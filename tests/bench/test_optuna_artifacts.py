"""Artifacts beside Optuna's: the same names and errors, and each library has what the other one uploaded."""

from __future__ import annotations

import importlib
import inspect
import io
import json
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from artifact_servers import BUCKET, gcs_client, s3_client
from differential import Scenario, compare, differ, error_of, plain, run, scenarios

import parzen
import parzen.artifacts

optuna = pytest.importorskip("optuna")
importlib.import_module("optuna.artifacts")

pytestmark = [
    pytest.mark.bench,
    pytest.mark.filterwarnings("ignore::optuna.exceptions.ExperimentalWarning"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
]
LIBRARIES = [pytest.param(parzen, optuna, id="parzen-to-optuna"), pytest.param(optuna, parzen, id="optuna-to-parzen")]


@pytest.fixture(autouse=True)
def in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def _store(o: Any) -> Any:
    os.makedirs("kept", exist_ok=True)
    return o.artifacts.FileSystemArtifactStore("kept")


def _file(name: str, body: bytes = b"1234") -> str:
    Path(name).write_bytes(body)
    return name


def _study(o: Any) -> Any:
    return o.create_study(sampler=o.samplers.RandomSampler(seed=0))


def _seen(metas: list[Any]) -> list[tuple[Any, ...]]:
    """Give what is known of artifacts, but for their random identifiers."""
    return sorted((meta.filename, meta.mimetype, meta.encoding) for meta in metas)


def _upload(o: Any, owner: Any, name: str, **options: Any) -> str:
    artifact_id: str = o.artifacts.upload_artifact(
        artifact_store=_store(o), file_path=_file(name), study_or_trial=owner, **options
    )
    return artifact_id


# --- scenarios --------------------------------------------------------------------------------------------------------


def names_are_guessed(o: Any) -> Any:
    trial = _study(o).ask()
    for name in ("a.txt", "b.tar.gz", "none", "c.png", "ü ß.json", ".hidden", "d.PNG", "e.csv.bz2", "f.npy"):
        _upload(o, trial, name)
    return _seen(o.artifacts.get_all_artifact_meta(trial))


def types_can_be_given(o: Any) -> Any:
    study = _study(o)
    for number, (mimetype, encoding) in enumerate([("a/b", None), (None, "x"), ("", ""), ("a/b", "x")]):
        _upload(o, study, f"{number}.tar.gz", mimetype=mimetype, encoding=encoding)
    return _seen(o.artifacts.get_all_artifact_meta(study))


def a_path_may_be_an_object(o: Any) -> Any:
    study = _study(o)
    store, path = _store(o), Path(_file("a.txt"))
    artifact_id = o.artifacts.upload_artifact(artifact_store=store, file_path=path, study_or_trial=study)
    o.artifacts.download_artifact(artifact_store=store, file_path=Path("b.txt"), artifact_id=artifact_id)
    return Path("b.txt").read_bytes(), _seen(o.artifacts.get_all_artifact_meta(study))


def attributes(o: Any) -> Any:
    study = _study(o)
    trial = study.ask()
    of_study, of_trial = _upload(o, study, "s.txt"), _upload(o, trial, "t.gz")
    attrs = study._storage.get_study_system_attrs(study._study_id)
    kept = [attrs[f"artifacts:{of_study}"], study.trials[0].system_attrs[f"artifacts:{of_trial}"]]
    return [json.loads(text) | {"artifact_id": ""} for text in kept], [len(it) for it in (of_study, of_trial)]


def a_study_does_not_list_its_trials_files(o: Any) -> Any:
    study = _study(o)
    trial = study.ask()
    _upload(o, trial, "t.txt")
    _upload(o, study, "s.txt")
    return _seen(o.artifacts.get_all_artifact_meta(study)), _seen(o.artifacts.get_all_artifact_meta(trial))


def nothing_uploaded(o: Any) -> Any:
    study = _study(o)
    return o.artifacts.get_all_artifact_meta(study), o.artifacts.get_all_artifact_meta(study.ask())


def other_attributes_are_none(o: Any) -> Any:
    study = _study(o)
    study.set_user_attr("artifacts:a", "b")
    study.enqueue_trial({"x": 1})
    return o.artifacts.get_all_artifact_meta(study.ask())


def a_record_needs_a_storage_to_upload(o: Any) -> Any:
    study = _study(o)
    study.ask()
    _upload(o, study.trials[0], "a.txt")


def a_record_needs_a_storage_to_list(o: Any) -> Any:
    study = _study(o)
    study.ask()
    o.artifacts.get_all_artifact_meta(study.trials[0])


def a_record_with_its_storage(o: Any) -> Any:
    study = _study(o)
    study.ask()
    _upload(o, study.trials[0], "a.txt", storage=study._storage)
    return _seen(o.artifacts.get_all_artifact_meta(study.trials[0], storage=study._storage))


def a_storage_beside_a_study(o: Any) -> Any:
    study = _study(o)
    _upload(o, study, "a.txt", storage=study._storage)
    return _seen(o.artifacts.get_all_artifact_meta(study, storage=study._storage))


def no_study_and_no_trial(o: Any) -> Any:
    return [
        error_of(lambda: o.artifacts.get_all_artifact_meta(3)),
        error_of(lambda: _upload(o, "study", "a.txt")),
    ]


def a_finished_trial(o: Any) -> Any:
    study = _study(o)
    trial = study.ask()
    study.tell(trial, 1.0)
    _upload(o, trial, "a.txt")


def a_trial_after_it_finished(o: Any) -> Any:
    study = _study(o)
    trial = study.ask()
    _upload(o, trial, "a.txt")
    study.tell(trial, 1.0)
    return _seen(o.artifacts.get_all_artifact_meta(trial))


def arguments_have_names(o: Any) -> Any:
    study, name = _study(o), _file("a.txt")
    upload, download, meta = (
        o.artifacts.upload_artifact,
        o.artifacts.download_artifact,
        o.artifacts.get_all_artifact_meta,
    )
    upload(study, name, _store(o))
    upload(study, name, artifact_store=_store(o), mimetype="a/b")
    calls = [
        lambda: upload(_store(o), name, study),
        lambda: upload(study, name, _store(o), study._storage),
        lambda: upload(study, name, _store(o), file_path=name),
        lambda: download(_store(o), "b", "c"),
        lambda: meta(study, study._storage),
    ]
    return _seen(meta(study)), [error_of(call) for call in calls]


def paths_that_are_none(o: Any) -> Any:
    study = _study(o)
    upload = o.artifacts.upload_artifact
    given = {"artifact_store": _store(o), "study_or_trial": study}
    return [error_of(lambda path=path: upload(file_path=path, **given)) for path in (3, b"a.txt", None)]


def no_file(o: Any) -> Any:
    o.artifacts.upload_artifact(artifact_store=_store(o), file_path="absent", study_or_trial=_study(o))


def a_folder_is_no_file(o: Any) -> Any:
    o.artifacts.upload_artifact(artifact_store=_store(o), file_path="kept", study_or_trial=_study(o))


def a_download_overwrites_nothing(o: Any) -> Any:
    study = _study(o)
    artifact_id = _upload(o, study, "a.txt")
    o.artifacts.download_artifact(artifact_store=_store(o), file_path="a.txt", artifact_id=artifact_id)


def a_download_into_no_folder(o: Any) -> Any:
    artifact_id = _upload(o, _study(o), "a.txt")
    o.artifacts.download_artifact(artifact_store=_store(o), file_path="absent/a.txt", artifact_id=artifact_id)


def a_download_of_nothing(o: Any) -> Any:
    call = o.artifacts.download_artifact
    return error_of(lambda: call(artifact_store=_store(o), file_path="b", artifact_id="absent")), os.path.exists("b")


def the_folder(o: Any) -> Any:
    store = _store(o)
    found: list[Any] = [store.write("a", io.BytesIO(b"1")), store.write("a", io.BytesIO(b"22"))]
    with store.open_reader("a") as reader:
        found.append(reader.read())
    found += [os.listdir("kept"), store.remove("a"), os.listdir("kept")]
    return [*found, error_of(lambda: store.open_reader("a")), error_of(lambda: store.remove("a"))]


def names_that_lead_out(o: Any) -> Any:
    store = _store(o)
    calls = (store.open_reader, store.remove, lambda name: store.write(name, io.BytesIO(b"1")))
    names = ("../up", "..", "/abs", "a/../../up", "a\0b")
    return [error_of(lambda c=call, n=name: c(n)) for call in calls for name in names]  # type: ignore[misc]


def strange_names(o: Any) -> Any:
    store = _store(o)
    for name in ("ü b", "a\\b", ".hidden", "-", "new\nline", "a" * 255):
        store.write(name, io.BytesIO(b"1"))
    return sorted(os.listdir("kept")), error_of(lambda: store.write("a" * 300, io.BytesIO(b"1")))


def folders_that_are_none(o: Any) -> Any:
    _file("file")
    stores = [o.artifacts.FileSystemArtifactStore(base) for base in ("absent", Path("file"))]
    return [error_of(lambda s=store: s.write("a", io.BytesIO(b"1"))) for store in stores]  # type: ignore[misc]


def the_error_and_its_kind(o: Any) -> Any:
    return [cls.__name__ for cls in o.artifacts.exceptions.ArtifactNotFound.__mro__]


def meta_is_a_record(o: Any) -> Any:
    meta = o.artifacts.ArtifactMeta(artifact_id="a", filename="b", mimetype="c", encoding=None)
    meta.encoding = "gzip"
    return repr(meta), meta == o.artifacts.ArtifactMeta("a", "b", "c", "gzip"), error_of(lambda: hash(meta))


class _Shaky:
    def __init__(self, error: Exception) -> None:
        self.error, self.bodies, self.n_calls = error, [], 0

    def open_reader(self, artifact_id: str) -> Any:
        self.n_calls += 1
        raise self.error

    remove = open_reader

    def write(self, artifact_id: str, content_body: Any) -> None:
        self.bodies.append(content_body.read())
        self.open_reader(artifact_id)


def _backoff(o: Any, error: Exception, **options: Any) -> Any:
    shaky = _Shaky(error)
    return o.artifacts.Backoff(shaky, min_delay=1e-4, max_delay=2e-4, **options), shaky


def how_often_is_tried(o: Any) -> Any:
    found: list[Any] = []
    for n in (1, 3):
        for error in (OSError("x"), ValueError("y"), KeyError("z")):
            store, shaky = _backoff(o, error, max_retries=n)
            found += [error_of(lambda s=store: s.open_reader("a")), shaky.n_calls]  # type: ignore[misc]
            found += [error_of(lambda s=store: s.remove("a")), shaky.n_calls]  # type: ignore[misc]
            found += [error_of(lambda s=store: s.write("a", io.BytesIO(b"body"))), shaky.bodies]  # type: ignore[misc]
    return found


def what_is_not_there_is_asked_for_once(o: Any) -> Any:
    store, shaky = _backoff(o, o.artifacts.exceptions.ArtifactNotFound("a"))
    return error_of(lambda: store.open_reader("a")), shaky.n_calls


def waits_that_are_taken(o: Any) -> Any:
    options: list[dict[str, Any]] = [{}, {"multiplier": 0.5}, {"multiplier": 1}, {"max_retries": 1}, {"max_delay": 0.2}]
    return [error_of(lambda it=it: o.artifacts.Backoff(_store(o), **it) and 1) for it in options]  # type: ignore[misc]


@pytest.mark.parametrize("scenario", scenarios(globals()), ids=lambda scenario: scenario.__name__)
def test_artifacts(scenario: Scenario, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def apart(o: Any) -> Any:
        monkeypatch.chdir(tempfile.mkdtemp(dir=tmp_path))
        return scenario(o)

    compare(apart)


def test_names_and_signatures() -> None:
    ours, theirs = parzen.artifacts, optuna.artifacts
    assert set(theirs.__all__) <= set(ours.__all__)
    for name in theirs.__all__:
        one, other = getattr(ours, name), getattr(theirs, name)
        assert list(inspect.signature(one).parameters) == list(inspect.signature(other).parameters)
        for a, b in zip(*(inspect.signature(it).parameters.values() for it in (one, other)), strict=True):
            assert (a.kind, a.default) == (b.kind, b.default)


# --- where parzen differs ---------------------------------------------------------------------------------------------


def test_differ_what_cannot_be_uploaded_is_not_listed() -> None:
    """Optuna lists a file that could not be read, and which no one can have."""

    def scenario(o: Any) -> Any:
        study = _study(o)
        upload = o.artifacts.upload_artifact
        error_of(lambda: upload(artifact_store=_store(o), file_path="absent", study_or_trial=study))
        return len(o.artifacts.get_all_artifact_meta(study))

    differ(scenario, 0)


@pytest.mark.parametrize("name", [".", ""])
def test_differ_the_folder_itself_is_no_artifact(name: str) -> None:
    """Optuna lets the operating system say that it is a folder."""
    differ(lambda o: _store(o).open_reader(name), ValueError)


def test_differ_links_out_of_the_folder() -> None:
    """Optuna looks at the name alone, and follows a link to anywhere."""
    _file("secret")

    def scenario(o: Any) -> Any:
        store = _store(o)
        Path("kept/link").unlink(missing_ok=True)
        Path("kept/link").symlink_to(Path("secret").resolve())
        with store.open_reader("link") as reader:
            return reader.read()

    differ(scenario, ValueError)


@pytest.mark.parametrize(
    "options", [{"max_retries": 0}, {"multiplier": 0}, {"min_delay": 0}, {"max_delay": 0.1}], ids=str
)
def test_differ_wrong_waits_are_explained(options: dict[str, Any]) -> None:
    """Optuna asserts, without a word."""
    differ(lambda o: o.artifacts.Backoff(_store(o), **options), ValueError)


# --- each has what the other one uploaded -----------------------------------------------------------------------------


@pytest.mark.parametrize(("one", "other"), LIBRARIES)
@pytest.mark.parametrize("kind", ["sqlite", "journal"])
def test_each_has_what_the_other_uploaded(one: Any, other: Any, kind: str) -> None:
    def storage(o: Any) -> Any:
        if kind == "sqlite":
            return o.storages.RDBStorage("sqlite:///study.db")
        return o.storages.JournalStorage(o.storages.journal.JournalFileBackend("study.journal"))

    study = one.create_study(storage=storage(one), study_name="s")
    trial = study.ask()
    ids = {_upload(one, owner, name) for owner, name in ((trial, "a ü.tar.gz"), (trial, "b.txt"), (study, "c.png"))}
    study.tell(trial, 1.0)
    read = other.load_study(storage=storage(other), study_name="s")
    held = [other.artifacts.get_all_artifact_meta(read)]
    held.append(other.artifacts.get_all_artifact_meta(read.trials[0], storage=read._storage))
    expected = [one.artifacts.get_all_artifact_meta(study), one.artifacts.get_all_artifact_meta(trial)]
    assert [sorted(map(repr, metas)) for metas in held] == [sorted(map(repr, metas)) for metas in expected]
    assert {meta.artifact_id for metas in held for meta in metas} == ids
    for artifact_id in ids:
        other.artifacts.download_artifact(artifact_store=_store(other), file_path=artifact_id, artifact_id=artifact_id)
        assert Path(artifact_id).read_bytes() == b"1234"
    added = _upload(other, read.ask(), "d.txt")
    assert [
        meta.artifact_id for meta in one.artifacts.get_all_artifact_meta(study.trials[1], storage=study._storage)
    ] == [added]


def test_the_dashboard_lists_a_file_that_parzen_uploaded() -> None:
    dashboard = pytest.importorskip("optuna_dashboard.artifact._backend")
    study = _study(parzen)
    trial = study.ask()
    of_trial, of_study = _upload(parzen, trial, "a.txt"), _upload(parzen, study, "b.txt")
    held = study._storage.get_study_system_attrs(study._study_id)
    record = study.trials[0]
    listed = dashboard.list_study_artifacts(held) + dashboard.list_trial_artifacts(held, record.system_attrs, record)
    assert [(meta["artifact_id"], meta["filename"]) for meta in listed] == [(of_study, "b.txt"), (of_trial, "a.txt")]


@pytest.fixture(scope="module")
def s3() -> Iterator[Any]:
    with s3_client() as client:
        yield client


@pytest.fixture(scope="module")
def gcs() -> Iterator[Any]:
    with gcs_client() as client:
        yield client


def _uses(store: Any) -> list[Any]:
    """Use a store, and say what came of it."""
    body = io.BytesIO(b"body")
    found: list[Any] = [store.write("a", body), body.closed]
    with store.open_reader("a") as reader:
        found += [reader.read(2), reader.read()]
    store.remove("a")
    return [*found, error_of(lambda: store.open_reader("a")), error_of(lambda: store.open_reader("../b"))]


@pytest.mark.slow
@pytest.mark.parametrize("avoid_buf_copy", [False, True])
@pytest.mark.parametrize("bucket", [BUCKET, "nobodys"])
def test_s3(s3: Any, avoid_buf_copy: bool, bucket: str) -> None:
    compare(lambda o: _uses(o.artifacts.Boto3ArtifactStore(bucket, s3, avoid_buf_copy=avoid_buf_copy)))


@pytest.mark.slow
@pytest.mark.parametrize("bucket", [BUCKET, "nobodys"])
def test_gcs(gcs: Any, bucket: str) -> None:
    compare(lambda o: _uses(o.artifacts.GCSArtifactStore(bucket, gcs)))


@pytest.mark.slow
def test_differ_what_google_does_not_have_cannot_be_removed(gcs: Any) -> None:
    """Optuna hands on the error of Google's client."""
    ours, theirs = (run(lambda o: o.artifacts.GCSArtifactStore(BUCKET, gcs).remove("a"), o) for o in (parzen, optuna))
    assert (plain(ours.error), plain(theirs.error)) == ("ArtifactNotFound", "NotFound")
