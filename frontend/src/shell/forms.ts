/** Typed text is never lost: knows which forms of `#main` hold something unsaved, and asks before leaving. */
import { text } from "./texts";

const dirty = new WeakSet<HTMLFormElement>();

/** True when a form in `#main` holds typed text that was not sent. Filters and searches do not count. */
export function mainHasUnsavedText(): boolean {
  return [...document.querySelectorAll<HTMLFormElement>("#main form")].some((form) => dirty.has(form));
}

function writes(form: HTMLFormElement): boolean {
  const sends = form.method === "post" || form.hasAttribute("hx-post");
  return sends && form.closest("#main") !== null && (!form.hasAttribute("data-no-guard") || form.hasAttribute("data-draft"));
}

/** What a draft keeps on the server may be left without asking. */
function wouldLose(): boolean {
  return [...document.querySelectorAll<HTMLFormElement>("#main form:not([data-draft])")].some((form) => dirty.has(form));
}

function onInput(event: Event): void {
  const form = (event.target as HTMLInputElement).form;
  if (form && writes(form)) dirty.add(form);
}

/** Refused: what was typed is still not with the server. */
function onAnswer(event: Event): void {
  const { elt, failed } = (event as CustomEvent<{ elt: Element; failed: boolean }>).detail;
  if (failed && elt instanceof HTMLFormElement && writes(elt)) dirty.add(elt);
}

function onSent(event: Event): void {
  const element = event.target as Element;
  const form = element.closest("form");
  if (form) dirty.delete(form);
}

function onLeave(event: Event): void {
  const { target, elt } = (event as CustomEvent<{ target: Element; elt: Element }>).detail;
  if (target?.id !== "main" || elt.closest("#main form") || !wouldLose()) return;
  if (!window.confirm(text("unsaved"))) event.preventDefault();
}

export function startForms(): void {
  document.addEventListener("input", onInput);
  document.addEventListener("submit", onSent);
  document.addEventListener("htmx:beforeRequest", onLeave);
  document.addEventListener("htmx:afterRequest", onAnswer);
  window.addEventListener("beforeunload", (event) => {
    if (wouldLose()) event.preventDefault();
  });
  document.addEventListener("change", (event) => {
    const field = event.target as HTMLElement;
    if (field.matches("[data-autosubmit]")) (field as HTMLInputElement).form?.requestSubmit();
  });
}
