"""A gRPC server in front of any storage, and its client: workers need neither the database nor its driver."""

from .client import GrpcStorageProxy
from .server import run_grpc_proxy_server

__all__ = ["GrpcStorageProxy", "run_grpc_proxy_server"]
