"""One child process: its port, its life, its log. Started, watched, started again, killed by its pid alone."""

import asyncio
import logging
import os
import socket
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Literal

import agent_hive
from agent_hive.bounded_log import BoundedLog
from agent_hive.catalog import ORCHESTRATOR, SMTP_PORT, Service

log = logging.getLogger(__name__)

State = Literal["stopped", "running", "restarting", "killed"]
_BACKLOG = 128
_FIRST_PAUSE = 0.5
_LONGEST_PAUSE = 15.0
_HEALTHY_SECONDS = 30.0
_MODEL_VARIABLES = ("OPENAI_API_KEY", "OPENAI_BASE_URL", "OPENAI_MODEL")


def listen(wanted: int) -> socket.socket:
    """A listening loopback socket on the wanted port if it is free, else on one that is."""
    try:
        return socket.create_server(("127.0.0.1", wanted), backlog=_BACKLOG)
    except OSError:
        return socket.create_server(("127.0.0.1", 0), backlog=_BACKLOG)


class Child:
    """A service as a child process. `changed` is called whenever its pid or state is another.

    The supervisor opens the listening socket and hands it down: no other process can take the port in between, and
    nobody who connects while the child still loads is refused.
    """

    def __init__(self, service: Service, logs: Path, *, default_ports: bool, changed: Callable[[], None]) -> None:
        self.service = service
        wanted = [service.port, SMTP_PORT] if service.smtp else [service.port]
        self._sockets = [listen(port if default_ports else 0) for port in wanted]
        self._ports = [int(sock.getsockname()[1]) for sock in self._sockets]
        self.state: State = "stopped"
        self.restarts = 0
        self._log = BoundedLog(logs / f"{service.name}.log")
        self._changed = changed
        self._process: asyncio.subprocess.Process | None = None
        self._life: asyncio.Task[None] | None = None

    @property
    def port(self) -> int:
        return self._ports[0]

    @property
    def smtp_port(self) -> int | None:
        return self._ports[1] if len(self._ports) > 1 else None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int | None:
        alive = self._process is not None and self._process.returncode is None
        return self._process.pid if alive and self._process else None

    async def start(self, env: Mapping[str, str]) -> None:
        """Start it and keep it running from now on; nothing if it runs."""
        if self.state in ("running", "restarting"):
            return
        started = asyncio.Event()
        self._life = asyncio.create_task(self._live(env, started))
        await started.wait()

    async def kill(self) -> None:
        """SIGKILL, and leave it dead."""
        self._set("killed")
        await self._end()

    def terminate(self) -> None:
        """SIGTERM, once; `stop` waits for the end."""
        if self.state == "stopped":
            return
        self._set("stopped")
        if self._process is not None and self._process.returncode is None:
            self._process.terminate()

    async def stop(self, within_seconds: float) -> None:
        """Wait for the end after `terminate`, and SIGKILL what is left then."""
        if self._process is not None and self._process.returncode is None:
            try:
                async with asyncio.timeout(within_seconds):
                    await self._process.wait()
            except TimeoutError:
                log.warning("%s did not end in time and is killed", self.service.name)
        await self._end()

    async def _end(self) -> None:
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
            await self._process.wait()
        if self._life is not None:
            self._life.cancel()
            await asyncio.gather(self._life, return_exceptions=True)
            self._life = None
        self._log.close()
        self._changed()

    async def _live(self, env: Mapping[str, str], started: asyncio.Event) -> None:
        pause = _FIRST_PAUSE
        while True:
            born = time.monotonic()
            try:
                self._process = await self._spawn(env)
            except OSError as error:
                log.warning("%s cannot be started: %s", self.service.name, error)
            else:
                self._set("running")
                started.set()
                await self._until_end(self._process)
            if self.state in ("killed", "stopped") and started.is_set():
                return
            started.set()
            if time.monotonic() - born > _HEALTHY_SECONDS:
                pause = _FIRST_PAUSE
            self._set("restarting")
            await asyncio.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE)
            self.restarts += 1

    async def _spawn(self, env: Mapping[str, str]) -> asyncio.subprocess.Process:
        sockets, self._sockets = self._sockets, []
        try:
            if not sockets:  # not the first start
                sockets = [socket.create_server(("127.0.0.1", port), backlog=_BACKLOG) for port in self._ports]
            flags = zip(("--fd", "--smtp-fd"), (str(sock.fileno()) for sock in sockets), strict=False)
            return await asyncio.create_subprocess_exec(
                *[sys.executable, "-m", self.service.module, "--parent", str(os.getpid())],
                *[word for flag in flags for word in flag],
                env=self._environment(env),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT,
                pass_fds=[sock.fileno() for sock in sockets],
                process_group=0,  # Ctrl-C is for the supervisor, which then ends its children
            )
        finally:
            # Ours would keep accepting after the child's death: what is killed must refuse connections.
            for sock in sockets:
                sock.close()

    def _environment(self, env: Mapping[str, str]) -> dict[str, str]:
        """This process's own plus `env`; the key of a real model only for the one process that asks it."""
        own = {**os.environ, **env}
        if self.service != ORCHESTRATOR:
            for name in _MODEL_VARIABLES:
                own.pop(name, None)
        here = str(Path(agent_hive.__file__).parent.parent)
        own["PYTHONPATH"] = os.pathsep.join(filter(None, [here, own.get("PYTHONPATH")]))
        own["PYTHONSAFEPATH"] = "1"
        return own

    async def _until_end(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None
        while chunk := await process.stdout.read(8192):
            self._log.write(chunk)
        code = await process.wait()
        if self.state == "running":
            log.warning("%s ended by itself with code %s and is started again", self.service.name, code)

    def _set(self, state: State) -> None:
        self.state = state
        self._changed()
