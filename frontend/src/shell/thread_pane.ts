/** In a call the thread has a pane of its own: it opens at the present call, and stays at the end when it was there. */
const NEAR_PX = 48;

function atEnd(pane: Element): boolean {
  return pane.scrollHeight - pane.clientHeight - pane.scrollTop < NEAR_PX;
}

function toCall(pane: HTMLElement): void {
  const call = pane.dataset.threadPane && document.getElementById(`thread-call-${pane.dataset.threadPane}`);
  const item = call ? call.closest("li") : null;
  pane.scrollTop = item ? item.getBoundingClientRect().top - pane.getBoundingClientRect().top + pane.scrollTop : pane.scrollHeight;
}

function follow(pane: HTMLElement): void {
  let following = atEnd(pane);
  pane.addEventListener("scroll", () => (following = atEnd(pane)), { passive: true });
  const inside = new ResizeObserver(() => {
    if (following) pane.scrollTop = pane.scrollHeight;
  });
  inside.observe(pane.firstElementChild!);
}

function open(event?: Event): void {
  const pane = document.querySelector<HTMLElement>("#main [data-thread-pane]");
  if (!pane) return;
  if (wroteNote(event)) pane.scrollTop = pane.scrollHeight;
  if ("open" in pane.dataset) return;
  pane.dataset.open = "";
  toCall(pane);
  follow(pane);
}

/** One's own note is seen at once. */
function wroteNote(event?: Event): boolean {
  const detail = (event as CustomEvent<{ requestConfig?: { elt: Element } }> | undefined)?.detail;
  return detail?.requestConfig?.elt.id === "ticket-note";
}

export function startThreadPane(): void {
  open();
  document.body.addEventListener("htmx:afterSettle", open);
}
