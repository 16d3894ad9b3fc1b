import { useEffect } from "react";
import { useFiring } from "../api/queries";

/** The tab's title, with the number of firing alerts in front, so that it is seen from another tab. */
export function useTitle(page: string): void {
  const firing = useFiring().length;
  useEffect(() => {
    document.title = `${firing > 0 ? `(${firing}) ` : ""}${page} · Hivesight`;
  }, [firing, page]);
}
