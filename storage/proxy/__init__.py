"""Studies behind a server that speaks gRPC: workers need neither a database nor its driver."""

from .client import GrpcStorageProxy
from .server import run_grpc_proxy_server

__all__ = ["GrpcStorageProxy", "run_grpc_proxy_server"]
