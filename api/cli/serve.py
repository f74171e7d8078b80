"""The sub-command ``parzen storage serve``: a storage for workers that reach it through gRPC."""

from __future__ import annotations

import click

from parzen.cli.declare import subcommand
from parzen.cli.session import Session
from parzen.cli.storage import storage_group


@subcommand(storage_group, "serve")
@click.option("--host", default="localhost", show_default=True, help="Where to listen; 0.0.0.0 for all, with a token.")
@click.option("--port", type=int, default=13000, show_default=True, help="Port to listen at.")
@click.option("--token", help="Secret for all clients; PARZEN_PROXY_TOKEN does not show in the list of processes.")
def serve(session: Session, host: str, port: int, token: str | None) -> None:
    """Serve the storage to clients (GrpcStorageProxy), until Ctrl-C."""
    from parzen.storages import run_grpc_proxy_server

    run_grpc_proxy_server(session.open_storage(may_be_new=True), host=host, port=port, token=token)
