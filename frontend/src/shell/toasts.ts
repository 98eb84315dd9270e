/** Notices at the lower right: refusals with why and what helps, and confirmations. */
const STAYS_MS = 8000;

function close(toast: Element): void {
  toast.remove();
}

function watch(toast: HTMLElement): void {
  if (toast.dataset.watched) return;
  toast.dataset.watched = "yes";
  setTimeout(() => close(toast), STAYS_MS);
}

/** Show a notice made in the browser. `help` says what to do. */
export function notice(message: string, help = "", kind: "error" | "info" = "info"): void {
  const toast = document.createElement("div");
  toast.className = `toast-note toast-${kind}`;
  toast.dataset.toast = "";
  const text = document.createElement("div");
  const strong = document.createElement("strong");
  strong.textContent = message;
  text.append(strong);
  if (help) text.append(document.createElement("br"), help);
  toast.append(text);
  document.getElementById("toasts")?.append(toast);
}

/** Say something to screen readers at once. */
export function announce(text: string): void {
  const place = document.getElementById("announce");
  if (place) place.textContent = text;
}

export function startToasts(): void {
  const place = document.getElementById("toasts");
  if (!place) return;
  const watchAll = () => place.querySelectorAll<HTMLElement>("[data-toast]").forEach(watch);
  new MutationObserver(watchAll).observe(place, { childList: true });
  watchAll();
  place.addEventListener("click", (event) => {
    const target = event.target as Element;
    if (target.closest("[data-toast-close]")) close(target.closest("[data-toast]")!);
  });
}
