"""OTLP over gRPC: MetricsService/Export."""

import asyncio
from concurrent.futures import Executor
from typing import Any, Final

import grpc

from hivesight.api.otlp.answers import response_of
from hivesight.ingest.otlp import BadRequest, OtlpReceiver, TooLarge
from hivesight.model.errors import StartError, StorageError

SERVICE: Final = "opentelemetry.proto.collector.metrics.v1.MetricsService"
GRACE_SECONDS: Final = 1
MAX_CONCURRENT: Final = 64

# grpcio ships no types.
_grpc: Any = grpc


class OtlpGrpcServer:
    """Serves on `host:port` between `start` and `stop`, both on the event loop that serves."""

    def __init__(self, receiver: OtlpReceiver, executor: Executor, host: str, port: int, setting: str) -> None:
        """executor: where requests are read. setting: what to change where the address cannot be had."""
        self._receiver = receiver
        self._executor = executor
        self._address = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        self._setting = setting
        self._server: Any = None
        self.port = port

    async def start(self) -> None:
        """Listens and serves. Raises StartError where the address cannot be had."""
        most = self._receiver.limits.body_bytes
        # With SO_REUSEPORT a second server would share the port and take half of the requests.
        options = [("grpc.so_reuseport", 0), ("grpc.max_receive_message_length", most)]
        server = _grpc.aio.server(options=options, maximum_concurrent_rpcs=MAX_CONCURRENT)
        # The bytes stay as they are here: they are read off the loop.
        handler = _grpc.unary_unary_rpc_method_handler(self._export)
        server.add_generic_rpc_handlers((_grpc.method_handlers_generic_handler(SERVICE, {"Export": handler}),))
        try:
            self.port = server.add_insecure_port(self._address)
        except RuntimeError as error:
            raise StartError(
                f"cannot listen on {self._address}: it is in use already, or not of this machine; choose another "
                f"address with {self._setting}"
            ) from error
        await server.start()
        self._server = server

    async def stop(self) -> None:
        """Open calls get a second to end."""
        if self._server is not None:
            await self._server.stop(GRACE_SECONDS)
            self._server = None

    async def _export(self, body: bytes, context: Any) -> bytes:
        try:
            outcome = await asyncio.get_running_loop().run_in_executor(self._executor, self._receiver.export, body)
        except TooLarge as error:
            await context.abort(_grpc.StatusCode.RESOURCE_EXHAUSTED, str(error))
            raise
        except BadRequest as error:
            await context.abort(_grpc.StatusCode.INVALID_ARGUMENT, str(error))
            raise
        except StorageError as error:
            await context.abort(_grpc.StatusCode.UNAVAILABLE, str(error))
            raise
        return response_of(outcome).SerializeToString()
