/** The server's time, as the browser knows it: all timers of the page run on this, not on the machine's clock. */
let offsetMs = 0;

/** Learn the server's time from an ISO stamp received just now. */
export function learnServerTime(stamp: string): void {
  const server = Date.parse(stamp);
  if (!Number.isNaN(server)) offsetMs = server - Date.now();
}

export function serverNowMs(): number {
  return Date.now() + offsetMs;
}

export function startServerClock(): void {
  const stamp = document.querySelector<HTMLMetaElement>('meta[name="server-now"]')?.content;
  const loadedAgoMs = performance.now() - (performance.getEntriesByType("navigation")[0] as PerformanceNavigationTiming).responseStart;
  if (stamp) learnServerTime(new Date(Date.parse(stamp) + loadedAgoMs).toISOString());
}
