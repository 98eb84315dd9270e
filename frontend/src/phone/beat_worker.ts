/** Ticks every ten seconds. A worker, because browsers slow the timers of a page that lies behind another. */
const EVERY_MS = 10_000;
setInterval(() => postMessage("beat"), EVERY_MS);
