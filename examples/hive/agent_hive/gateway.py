"""agent-hive-api-gateway: the hive's front door. Checks task requests and passes them to the orchestrator."""

import contextlib
import re
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import asdict

import httpx2
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

import hivesight_sdk as hs
from agent_hive.catalog import GATEWAY, ORCHESTRATOR
from agent_hive.faults import Faults
from agent_hive.httpjson import local_client, read_json
from agent_hive.service import arguments, run, url_of
from agent_hive.work import MAX_CODE_BYTES, parse_submission

_TASK_ID = re.compile(r"[0-9a-f]{32}")
_FORWARDED = ("retry-after",)
_TIMEOUT_SECONDS = 5.0


class Gateway:
    """Stateless but for its counters; the orchestrator's answers, 429 among them, go back unchanged."""

    def __init__(self) -> None:
        self._tasks_url = f"{url_of(ORCHESTRATOR)}/tasks"
        self._client = local_client(_TIMEOUT_SECONDS)
        self._accepted = 0
        self._refused = 0

    def routes(self) -> Sequence[BaseRoute]:
        return [Route("/tasks", self._submit, methods=["POST"]), Route("/tasks/{id}", self._look_up)]

    def health(self) -> Mapping[str, object]:
        return {"accepted": self._accepted, "refused": self._refused}

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncGenerator[None]:
        async with self._client:
            yield

    async def _submit(self, request: Request) -> Response:
        async with hs.track_latency("gateway_submit"):
            submission = parse_submission(await read_json(request, 2 * MAX_CODE_BYTES))
            wanted = {key: value for key, value in asdict(submission).items() if value is not None}
            answer = await self._pass_on("POST", self._tasks_url, wanted)
        if answer.status_code == 202:
            self._accepted += 1
        else:
            self._refused += 1
        return answer

    async def _look_up(self, request: Request) -> Response:
        task_id = str(request.path_params["id"])
        if not _TASK_ID.fullmatch(task_id):
            return JSONResponse({"error": "a task id has 32 hexadecimal digits"}, status_code=400)
        return await self._pass_on("GET", f"{self._tasks_url}/{task_id}")

    async def _pass_on(self, method: str, url: str, body: object = None) -> Response:
        try:
            answer = await self._client.request(method, url, json=body)
        except httpx2.TimeoutException as error:
            hs.record_error("gateway", error)
            return JSONResponse({"error": f"no answer in {_TIMEOUT_SECONDS:g} s from the orchestrator"}, 504)
        except httpx2.TransportError as error:
            hs.record_error("gateway", error)
            return JSONResponse({"error": "the orchestrator cannot be reached"}, 503, headers={"Retry-After": "5"})
        headers = {key: answer.headers[key] for key in _FORWARDED if key in answer.headers}
        return Response(answer.content, answer.status_code, headers=headers, media_type="application/json")


def main() -> None:
    options = arguments(GATEWAY)
    run(GATEWAY, Gateway(), Faults(), options)


if __name__ == "__main__":
    main()
