import { useSyncExternalStore } from "react";

/**
 * The present time, renewed every second while the page is seen: ages count on between refreshes. One timer serves
 * everybody, because a list of a thousand alerts shows a thousand ages.
 */
export function useNow(): number {
  return useSyncExternalStore(subscribe, read);
}

let now = Date.now();
let timer: ReturnType<typeof setInterval> | undefined;
const listeners = new Set<() => void>();

function read(): number {
  return now;
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  if (timer === undefined) {
    now = Date.now();
    timer = setInterval(tick, 1000);
  }
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0) {
      clearInterval(timer);
      timer = undefined;
    }
  };
}

function tick(): void {
  if (document.hidden) return;
  now = Date.now();
  for (const listener of listeners) listener();
}
