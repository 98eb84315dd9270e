/** Drafts: what is typed in a form with `data-draft` is kept on the server a second after the last key, and on leaving. */
import { csrfToken } from "../shell/requests";
import { text } from "../shell/texts";

const QUIET_MS = 1000;
/** Browsers carry no more for a page that is gone. */
const KEEPALIVE_BYTES = 60000;

const timers = new Map<HTMLFormElement, number>();
const underWay = new Map<HTMLFormElement, Promise<unknown>>();

function fields(form: HTMLFormElement): URLSearchParams {
  const found = new URLSearchParams();
  new FormData(form).forEach((value, name) => {
    if (typeof value === "string") found.append(name, value);
  });
  return found;
}

function say(form: HTMLFormElement, words: string): void {
  const place = form.querySelector("[data-draft-state]");
  if (place) place.textContent = words;
}

function forget(form: HTMLFormElement): void {
  clearTimeout(timers.get(form));
  timers.delete(form);
}

async function send(form: HTMLFormElement, leaving: boolean): Promise<void> {
  const body = fields(form);
  const headers = { "X-CSRFToken": csrfToken(), Accept: "application/json" };
  const keepalive = leaving && body.toString().length < KEEPALIVE_BYTES;
  try {
    const answer = await fetch(form.dataset.draft!, { method: "POST", headers, body, keepalive });
    const kept = answer.ok && ((await answer.json()) as { draft: boolean }).draft;
    say(form, answer.ok ? (kept ? text("draft_kept") : "") : text("draft_not_kept"));
  } catch {
    say(form, text("draft_not_kept"));
    if (!leaving) keepSoon(form);
  }
}

/** Keep the form's words now. */
export function keepNow(form: HTMLFormElement, leaving = false): Promise<unknown> {
  forget(form);
  const before = underWay.get(form) ?? Promise.resolve();
  const all = before.then(() => send(form, leaving));
  underWay.set(form, all);
  return all.finally(() => underWay.get(form) === all && underWay.delete(form));
}

/** Keep them when nobody has typed for a second. */
export function keepSoon(form: HTMLFormElement): void {
  clearTimeout(timers.get(form));
  timers.set(form, window.setTimeout(() => void keepNow(form), QUIET_MS));
}

function keepAll(): void {
  [...timers.keys()].forEach((form) => void keepNow(form, true));
}

function draftForm(target: EventTarget | null): HTMLFormElement | null {
  return (target as Element | null)?.closest?.<HTMLFormElement>("form[data-draft]") ?? null;
}

interface ConfirmDetail {
  elt: Element;
  target: Element;
  issueRequest(skip: boolean): void;
}

/** The form itself is sent: nothing older may arrive after it. Another page is asked for: keep what is typed first. */
function onRequest(event: Event): void {
  const { elt, target, issueRequest } = (event as CustomEvent<ConfirmDetail>).detail;
  const form = draftForm(elt);
  if (!form) {
    if (target?.id === "main") keepAll();
    return;
  }
  if (form !== elt && !elt.matches("button")) return;
  forget(form);
  const pending = underWay.get(form);
  if (!pending) return;
  event.preventDefault();
  void pending.finally(() => issueRequest(true));
}

/** Ctrl+Enter sends what is being written. */
function onKey(event: KeyboardEvent): void {
  const form = draftForm(event.target);
  if (!form || event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
  event.preventDefault();
  event.stopPropagation();
  form.requestSubmit(form.querySelector<HTMLButtonElement>(".btn-primary[type='submit']"));
}

export function startDrafts(): void {
  document.addEventListener("input", (event) => {
    const form = draftForm(event.target);
    if (form && (event.target as HTMLInputElement).type !== "file") keepSoon(form);
  });
  document.addEventListener("keydown", onKey, true);
  document.body.addEventListener("htmx:confirm", onRequest);
  window.addEventListener("pagehide", keepAll);
  document.addEventListener("visibilitychange", () => document.hidden && keepAll());
}
