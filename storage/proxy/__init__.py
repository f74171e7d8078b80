"""Studies behind a server that speaks gRPC."""
