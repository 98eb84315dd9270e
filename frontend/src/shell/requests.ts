/** htmx: answers without a body of ours become a notice; a lost server is said once. */
import { notice } from "./toasts";
import { text } from "./texts";

interface SwapDetail {
  xhr: XMLHttpRequest;
  shouldSwap: boolean;
  isError: boolean;
}

function onBeforeSwap(event: Event): void {
  const detail = (event as CustomEvent<SwapDetail>).detail;
  const status = detail.xhr.status;
  const ours = detail.xhr.getResponseHeader("HX-Retarget") !== null;
  const boosted = (event.target as Element).id === "main";
  if (status >= 400 && isJson(detail.xhr.getResponseHeader("Content-Type"))) {
    detail.shouldSwap = false;
    tell(JSON.parse(detail.xhr.responseText) as Refusal);
  } else if (status >= 500 && !ours) {
    detail.shouldSwap = false;
    notice(text("broke"), text("broke_help"), "error");
  } else if (status >= 400 && !ours && !boosted) {
    detail.shouldSwap = false;
    notice(text("refused"), "", "error");
  }
}

/** A refusal as the server tells it to programs: why, and what helps. */
export interface Refusal {
  code?: string;
  message?: string;
  help?: string;
}

interface SendDetail {
  xhr: XMLHttpRequest;
  elt: Element;
  boosted: boolean;
  requestConfig: { verb: string };
}

/** Requests by which parts of the page renew themselves, with their parts. */
const renewals = new Map<XMLHttpRequest, Element>();

function onBeforeSend(event: Event): void {
  const { xhr, elt, boosted, requestConfig } = (event as CustomEvent<SendDetail>).detail;
  if (requestConfig.verb !== "get" || boosted) return;
  renewals.set(xhr, elt);
  xhr.addEventListener("loadend", () => renewals.delete(xhr));
}

/** Another page is shown: what a part of the page before still waits for has no place any more. Within a page nothing is
 * forgotten, for others may stand in a queue behind it. */
function forgetRenewals(event: Event): void {
  if ((event.target as Element).id !== "main") return;
  for (const [xhr, elt] of renewals) {
    if (elt.isConnected) continue;
    xhr.onload = xhr.onerror = xhr.onabort = null;
    xhr.abort();
  }
}

function isJson(type: string | null): boolean {
  return type?.includes("json") ?? false;
}

/** Show a refusal. */
export function tell(refusal: Refusal): void {
  notice(refusal.message ?? text("refused"), refusal.help ?? "", "error");
}

export function csrfToken(): string {
  return document.querySelector<HTMLMetaElement>('meta[name="csrf"]')?.content ?? "";
}

/** Answer of our own posts: `null` when it was done, else why not. */
export async function ask(url: string, fields: Record<string, string> = {}): Promise<Refusal | null> {
  const headers = { "X-CSRFToken": csrfToken(), Accept: "application/json" };
  try {
    const answer = await fetch(url, { method: "POST", headers, body: new URLSearchParams(fields), keepalive: true });
    if (answer.ok) return null;
    return isJson(answer.headers.get("Content-Type")) ? ((await answer.json()) as Refusal) : { message: text("refused") };
  } catch {
    return { code: "unreachable", message: text("unreachable"), help: text("unreachable_help") };
  }
}

/** The same, showing the refusal. True when it was done. */
export async function post(url: string, fields: Record<string, string> = {}): Promise<boolean> {
  const refusal = await ask(url, fields);
  if (refusal) tell(refusal);
  return refusal === null;
}

export function startRequests(): void {
  document.body.addEventListener("htmx:beforeSwap", onBeforeSwap);
  document.body.addEventListener("htmx:beforeSend", onBeforeSend);
  document.body.addEventListener("htmx:afterSwap", forgetRenewals);
  document.body.addEventListener("htmx:sendError", () => notice(text("unreachable"), text("unreachable_help"), "error"));
}
