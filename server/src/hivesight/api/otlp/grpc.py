"""OTLP over gRPC: Export of metrics; of spans and log records where they go on to somebody."""

import asyncio
from concurrent.futures import Executor
from functools import partial
from typing import Any, Final

import grpc

from hivesight.api.otlp.answers import PROTOBUF, response_of
from hivesight.api.otlp.onward import Nobody, Onward
from hivesight.ingest.otlp import BadRequest, OtlpReceiver, TooLarge
from hivesight.model.errors import StartError, StorageError

SERVICES: Final = {
    "metrics": "opentelemetry.proto.collector.metrics.v1.MetricsService",
    "traces": "opentelemetry.proto.collector.trace.v1.TraceService",
    "logs": "opentelemetry.proto.collector.logs.v1.LogsService",
}
"""By signal."""
GRACE_SECONDS: Final = 1
MAX_CONCURRENT: Final = 64

# grpcio ships no types.
_grpc: Any = grpc


class OtlpGrpcServer:
    """Serves on `host:port` between `start` and `stop`, both on the event loop that serves."""

    def __init__(
        self,
        receiver: OtlpReceiver,
        executor: Executor,
        host: str,
        port: int,
        setting: str,
        onward: Onward | None = None,
    ) -> None:
        """executor: where requests are read. setting: what to change where the address cannot be had. onward: where
        requests go on to."""
        self._receiver = receiver
        self._onward = onward or Nobody()
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
        for signal, service in SERVICES.items():
            call = self._export if signal == "metrics" else partial(self._pass_on, signal)
            handler = _grpc.unary_unary_rpc_method_handler(call)
            server.add_generic_rpc_handlers((_grpc.method_handlers_generic_handler(service, {"Export": handler}),))
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
        self._onward.put("metrics", body, PROTOBUF)
        return response_of(outcome).SerializeToString()

    async def _pass_on(self, signal: str, body: bytes, context: Any) -> bytes:
        """An answer without a field is that of success, for both."""
        if not self._onward.wants(signal):
            reason = f"no {signal} are taken here: name a Collector for them in forward.otlp"
            await context.abort(_grpc.StatusCode.UNIMPLEMENTED, reason)
        if not self._onward.put(signal, body, PROTOBUF):
            reason = f"too many {signal} wait for the Collector that they go on to: send them again later"
            await context.abort(_grpc.StatusCode.UNAVAILABLE, reason)
        return b""
