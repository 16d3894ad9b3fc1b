import { Button } from "@mantine/core";
import { IconAlertTriangle } from "@tabler/icons-react";
import { ApiError } from "../api/client";

interface Props {
  title: string;
  error: unknown;
  onRetry: () => void;
}

/** What the server said, in its own words, and a way to ask again. */
export function ErrorNote({ title, error, onRetry }: Props) {
  return (
    <div className="error-note" role="alert">
      <IconAlertTriangle size={18} aria-hidden />
      <div className="error-note-text">
        <p className="error-note-title">{title}</p>
        <p className="error-note-words">{error instanceof Error ? error.message : String(error)}</p>
      </div>
      <Button variant="default" size="xs" onClick={onRetry}>
        Retry
      </Button>
    </div>
  );
}

/** What is shown is older than it should be. Silent while the whole server is away: the banner says so once. */
export function StaleNote({ error }: { error: Error | null }) {
  if (!error || (error instanceof ApiError && error.unreachable)) return null;
  return <PartialNote>{`Not up to date: ${error.message}`}</PartialNote>;
}

/** Some of a view is there and some is not. */
export function PartialNote({ children }: { children: string }) {
  return (
    <p className="partial-note" role="status">
      {children}
    </p>
  );
}
