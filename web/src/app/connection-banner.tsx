/** Says once, for the whole page, that the server does not answer and how old the figures are. */
import { IconPlugConnectedX } from "@tabler/icons-react";
import { ApiError } from "../api/client";
import { useStatus } from "../api/queries";
import { clock } from "../lib/time";
import { useRefreshText } from "./time-range";

export function ConnectionBanner({ onRetry }: { onRetry: () => void }) {
  const status = useStatus();
  const refresh = useRefreshText();
  if (!(status.error instanceof ApiError) || !status.error.unreachable) return null;
  const age = status.dataUpdatedAt ? ` What you see is from ${clock(status.dataUpdatedAt)}.` : "";
  return (
    <div className="banner" role="alert">
      <IconPlugConnectedX size={18} aria-hidden />
      <span>
        <strong>The Hivesight server does not answer.</strong>
        {age} {refresh === "off" ? "Automatic refresh is off." : `Trying again every ${refresh}.`}
      </span>
      <button type="button" onClick={onRetry}>
        Try now
      </button>
    </div>
  );
}
