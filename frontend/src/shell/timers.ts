/** Ticking times: `data-since` counts up, `data-until` counts down to 0:00, from UTC stamps of the server. */
import { serverNowMs } from "./server_clock";

export function clockText(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor(whole / 60) % 60;
  const two = (value: number) => String(value).padStart(2, "0");
  return hours ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}

function tick(element: HTMLElement, now: number): void {
  const { since, until } = element.dataset;
  const seconds = since ? (now - Date.parse(since)) / 1000 : (Date.parse(until ?? "") - now) / 1000;
  const text = clockText(since ? seconds : Math.ceil(seconds));
  if (element.textContent !== text) element.textContent = text;
  if (until && element.dataset.warnAt) element.classList.toggle("timer-late", seconds <= Number(element.dataset.warnAt));
}

export function tickAll(root: ParentNode = document): void {
  const now = serverNowMs();
  root.querySelectorAll<HTMLElement>("[data-since], [data-until]").forEach((element) => tick(element, now));
}

export function startTimers(): void {
  tickAll();
  setInterval(tickAll, 500);
  document.body.addEventListener("htmx:afterSettle", () => tickAll());
}
