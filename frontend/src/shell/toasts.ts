/** Notices at the lower right: refusals with why and what helps, and confirmations. Equal ones are one, and few are shown. */
const STAYS_MS = 8000;
const AT_MOST = 4;

const ends = new WeakMap<Element, number>();

function close(toast: Element): void {
  clearTimeout(ends.get(toast));
  toast.remove();
}

function words(toast: Element): string {
  return toast.querySelector("[data-toast-words]")?.textContent ?? toast.textContent ?? "";
}

function count(toast: HTMLElement, times: number): void {
  toast.dataset.times = String(times);
  const place = toast.querySelector("[data-toast-times]") ?? toast.appendChild(document.createElement("span"));
  place.setAttribute("data-toast-times", "");
  place.className = "toast-times";
  place.textContent = `${times}×`;
}

/** A new one takes the place of its equal and says how often it was said. */
function merge(toast: HTMLElement, others: HTMLElement[]): void {
  const said = words(toast);
  const equal = others.find((other) => other.dataset.said === said);
  toast.dataset.said = said;
  if (!equal) return;
  count(toast, Number(equal.dataset.times ?? 1) + 1);
  close(equal);
}

function watch(toast: HTMLElement, others: HTMLElement[]): void {
  if (ends.has(toast)) return;
  merge(toast, others);
  ends.set(toast, "toastStays" in toast.dataset ? 0 : window.setTimeout(() => close(toast), STAYS_MS));
}

/** The oldest go first; one that stays until its cause is gone is not pushed out. */
function limit(place: HTMLElement): void {
  const passing = [...place.querySelectorAll("[data-toast]:not([data-toast-stays])")];
  passing.slice(0, Math.max(0, passing.length - AT_MOST)).forEach(close);
}

/** Show a notice made in the browser. `help` says what to do; `stays` keeps it until the returned function is called. */
export function notice(message: string, help = "", kind: "error" | "info" = "info", stays = false): () => void {
  const toast = document.createElement("div");
  toast.className = `toast-note toast-${kind}`;
  toast.dataset.toast = "";
  if (stays) toast.dataset.toastStays = "";
  const text = document.createElement("div");
  text.dataset.toastWords = "";
  const strong = document.createElement("strong");
  strong.textContent = message;
  text.append(strong);
  if (help) text.append(document.createElement("br"), help);
  toast.append(text);
  document.getElementById("toasts")?.append(toast);
  return () => close(toast);
}

/** Say something to screen readers at once. */
export function announce(text: string): void {
  const place = document.getElementById("announce");
  if (place) place.textContent = text;
}

export function startToasts(): void {
  const place = document.getElementById("toasts");
  if (!place) return;
  const watchAll = () => {
    const all = [...place.querySelectorAll<HTMLElement>("[data-toast]")];
    all.forEach((toast, index) => watch(toast, all.slice(0, index)));
    limit(place);
  };
  new MutationObserver(watchAll).observe(place, { childList: true });
  watchAll();
  place.addEventListener("click", (event) => {
    const target = event.target as Element;
    if (target.closest("[data-toast-close]")) close(target.closest("[data-toast]")!);
  });
}
