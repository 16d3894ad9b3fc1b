/** GET of JSON from the server this page came from, with every failure as one kind of error. */

export class ApiError extends Error {
  /** HTTP status, or 0 when no answer came at all. */
  readonly status: number;
  constructor(message: string, status: number) {
    super(message);
    this.name = "ApiError";
    this.status = status;
  }
  get unreachable(): boolean {
    return this.status === 0 || this.status === 502 || this.status === 504;
  }
}

const TIMEOUT_MS = 30_000;
const MAX_ERROR_TEXT = 2_000;

export async function getJson(path: string, query: Record<string, string>, signal?: AbortSignal): Promise<unknown> {
  const parameters = new URLSearchParams(query).toString();
  const timeout = AbortSignal.timeout(TIMEOUT_MS);
  let response: Response;
  try {
    response = await fetch(parameters ? `${path}?${parameters}` : path, {
      headers: { accept: "application/json" },
      signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    if (timeout.aborted) throw new ApiError(`No answer from the server within ${TIMEOUT_MS / 1000} s`, 0);
    throw new ApiError("The server cannot be reached", 0);
  }
  const text = await response.text();
  let body: unknown = null;
  try {
    body = JSON.parse(text);
  } catch {
    const shown = text.trim().startsWith("<") ? "an HTML page instead of JSON" : text.slice(0, MAX_ERROR_TEXT);
    throw new ApiError(`${response.status} ${response.statusText}: ${shown || "empty answer"}`, response.status);
  }
  if (!response.ok) throw new ApiError(errorText(body) ?? `${response.status} ${response.statusText}`, response.status);
  return body;
}

/** The server's own words: `error` of the Prometheus envelope, `message` or a bare string of the Alertmanager's. */
export function errorText(body: unknown): string | null {
  if (typeof body === "string") return body.slice(0, MAX_ERROR_TEXT);
  if (typeof body !== "object" || body === null) return null;
  const { error, message, detail } = body as Record<string, unknown>;
  for (const text of [error, message, detail]) if (typeof text === "string") return text.slice(0, MAX_ERROR_TEXT);
  return null;
}
