"""The supervisor: starts the hive's processes, keeps them running, breaks them on request and ends them all.

`python -m agent_hive.supervisor --dir DIR`. Its control API is on loopback: POST /fault and GET /status.
"""

import argparse
import asyncio
import logging
import os
import secrets
import socket
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import httpx2
import uvicorn
from starlette.exceptions import HTTPException

from agent_hive.catalog import CONTROL_PORT, INBOX, SERVICES, Service
from agent_hive.children import Child, listen
from agent_hive.control import KILL, control_app
from agent_hive.hive_files import AlreadyRunning, HiveFiles
from agent_hive.httpjson import local_client
from agent_hive.load import TASKS_PER_SECOND
from agent_hive.service import Server, leave
from agent_hive.webhooks import SECRET_VARIABLE

log = logging.getLogger(__name__)

STOP_SECONDS = 1.5
_PARENT_POLL_SECONDS = 0.5
_ASK_SECONDS = 2.0


class Supervisor:
    """All children, and what the outside may ask of them."""

    def __init__(
        self, files: HiveFiles, control: socket.socket, *, default_ports: bool, env: Mapping[str, str]
    ) -> None:
        self._files = files
        self._control_url = f"http://127.0.0.1:{control.getsockname()[1]}"
        self.children: dict[Service, Child] = {
            service: Child(service, files.logs, default_ports=default_ports, changed=self._publish)
            for service in SERVICES
        }
        urls = {service.url_variable: child.url for service, child in self.children.items()}
        secret = {SECRET_VARIABLE: secrets.token_hex(16), "HIVE_STATE_DIR": str(files.state)}
        self._env = {**urls, **secret, **env}
        self._faults: dict[Service, tuple[str, int]] = {}
        self._publishing = False
        self._client = local_client(_ASK_SECONDS)

    async def start(self) -> None:
        """Start every process at once, then leave the files that say where they are."""
        await asyncio.gather(*(child.start(self._env) for child in self.children.values()))
        inbox = self.children[INBOX].url
        self._files.write_secrets({"webhook_url": f"{inbox}/webhook/hivesight", "slack_url": f"{inbox}/slack"})
        for service, child in self.children.items():
            if service.watched:
                self._files.write_target(service, child.port)
        self._publishing = True
        self._publish()

    def terminate(self) -> None:
        """Ask every process to end; `stop` waits."""
        self._publishing = False
        for child in self.children.values():
            child.terminate()

    async def stop(self) -> None:
        """End every process within STOP_SECONDS of `terminate`."""
        self.terminate()
        await asyncio.gather(*(child.stop(STOP_SECONDS) for child in self.children.values()))
        await self._client.aclose()

    def status(self) -> dict[str, object]:
        """Every process with pid, port, state and fault."""
        services = {
            service.name: {
                "short": service.short,
                "pid": child.pid,
                "url": child.url,
                "port": child.port,
                "state": child.state,
                "fault": self._fault(service),
                "restarts": child.restarts,
            }
            for service, child in self.children.items()
        }
        inbox = self.children[INBOX]
        letters = {"url": inbox.url, "smtp_host": "127.0.0.1", "smtp_port": inbox.smtp_port}
        return {"pid": os.getpid(), "control_url": self._control_url, "services": services, "inbox": letters}

    async def break_service(self, fault: str, service: Service, seconds: float | None) -> None:
        """kill, slow, errors or stuck for one service; HTTPException when it cannot be done."""
        child = self.children[service]
        if fault == KILL:
            self._faults[service] = (KILL, child.restarts)
            await child.kill()
            return
        if child.state != "running":
            raise HTTPException(409, f"{service.short} is {child.state}; heal it first")
        body = {"fault": fault} if seconds is None else {"fault": fault, "seconds": seconds}
        await self._tell(service, body)
        self._faults[service] = (fault, child.restarts)
        self._publish()

    async def heal(self, services: Sequence[Service]) -> None:
        """Undo what `break_service` did; killed services start again. One that cannot be healed stops no other."""
        failures: list[str] = []
        for service in services:
            try:
                if self.children[service].state == "killed":
                    await self.children[service].start(self._env)
                elif self._fault(service) is not None:
                    await self._tell(service, {"fault": "heal"})
            except HTTPException as error:
                failures.append(error.detail)
            else:
                self._faults.pop(service, None)
        self._publish()
        if failures:
            raise HTTPException(502, "; ".join(failures))

    def _fault(self, service: Service) -> str | None:
        """The fault of a service; a process that died and was started again has none any more."""
        fault, restarts = self._faults.get(service, (None, 0))
        return fault if restarts == self.children[service].restarts else None

    async def _tell(self, service: Service, body: Mapping[str, object]) -> None:
        try:
            answer = await self._client.post(f"{self.children[service].url}/fault", json=dict(body))
        except httpx2.HTTPError as error:
            raise HTTPException(502, f"{service.short} does not answer: {error or type(error).__name__}") from error
        if answer.status_code != 200:
            raise HTTPException(answer.status_code, answer.text[:500])

    def _publish(self) -> None:
        if self._publishing:
            self._files.write_hive(self.status())


async def watch_parent(parent: int, stop: Callable[[], None]) -> None:
    """By looking, not by PR_SET_PDEATHSIG: that would follow the thread which started us, not its process."""
    while os.getppid() == parent:  # noqa: ASYNC110  nothing tells of it
        await asyncio.sleep(_PARENT_POLL_SECONDS)
    log.warning("the process that started the hive is gone; ending")
    stop()


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m agent_hive.supervisor", description="Run the reference hive.")
    parser.add_argument("--dir", type=Path, required=True, help="where target files, hive.json and logs go")
    parser.add_argument("--control-port", type=int, default=CONTROL_PORT, help="if free (default: %(default)s)")
    parser.add_argument("--free-ports", action="store_true", help="take free ports rather than the usual ones")
    parser.add_argument("--rate", type=float, default=TASKS_PER_SECOND, help="tasks per second (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="of the load's random choices (default: %(default)s)")
    return parser.parse_args()


def main() -> None:
    options = parse_arguments()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    logging.getLogger("httpx2").setLevel(logging.WARNING)
    files = HiveFiles(options.dir.resolve())
    try:
        files.claim()
    except (AlreadyRunning, OSError) as error:
        raise SystemExit(str(error)) from None
    control = listen(0 if options.free_ports else options.control_port)
    env = {"HIVE_TASKS_PER_SECOND": str(options.rate), "HIVE_SEED": str(options.seed)}
    try:
        asyncio.run(supervise(files, control, default_ports=not options.free_ports, env=env))
    finally:
        files.release()
    leave()


async def supervise(files: HiveFiles, control: socket.socket, *, default_ports: bool, env: Mapping[str, str]) -> None:
    """Run until SIGTERM, SIGINT or the parent's end."""
    supervisor = Supervisor(files, control, default_ports=default_ports, env=env)
    config = uvicorn.Config(
        control_app(supervisor),
        loop="asyncio",
        http="h11",
        ws="none",
        log_config=None,
        log_level="warning",
        access_log=False,
        timeout_graceful_shutdown=1,
    )
    server = Server(config, on_stop=supervisor.terminate)
    watch = asyncio.create_task(watch_parent(os.getppid(), server.stop))
    try:
        await server.serve(sockets=[control])
    finally:
        watch.cancel()
        await asyncio.gather(watch, return_exceptions=True)


if __name__ == "__main__":
    main()
