/** The phone bar as it lies on the page: its height, what it says aloud, the ticket behind a ringing call. */
import { announce } from "../shell/toasts";
import { mainHasUnsavedText } from "../shell/forms";
import { text } from "../shell/texts";

export interface BarFacts {
  /** "" when there is no bar on the page. */
  state: string;
  ready: boolean;
  call: string;
  role: string;
  callState: string;
  caller: string;
}

export function readBar(): BarFacts {
  const data = document.getElementById("phone-bar")?.dataset ?? {};
  return {
    state: data.state ?? "",
    ready: data.ready === "1",
    call: data.call ?? "",
    role: data.role ?? "",
    callState: data.callState ?? "",
    caller: data.caller ?? "",
  };
}

export function isOffered(bar: BarFacts): boolean {
  return bar.callState === "ringing" && bar.role !== "outgoing";
}

/** Have the bar fetched anew. */
export function refreshBar(): void {
  document.body.dispatchEvent(new CustomEvent("phone-changed"));
}

let announced = "";
/** The call whose page or ticket was opened behind the bar, and which address it was. */
let opened = { call: "", path: "" };
/** The call whose page was not opened because something typed would have been lost. */
let keptBack = "";

function behind(): HTMLAnchorElement | null {
  return document.querySelector<HTMLAnchorElement>("#phone-bar [data-open-behind]");
}

/** Open what the call is about: at its start, and again when the call's page can give way to a ticket made since. */
function openBehind(bar: BarFacts): void {
  const link = behind();
  if (!link || document.visibilityState !== "visible") return;
  const isNew = opened.call !== bar.call;
  const stillThere = opened.path === location.pathname && link.pathname !== opened.path;
  if (!isNew && !stillThere) return;
  opened = { call: bar.call, path: link.pathname };
  if (link.pathname === location.pathname) return;
  if (mainHasUnsavedText()) keptBack = bar.call;
  else link.click();
}

/** The way to what the call is about, for whoever is still writing something else. */
function pointOut(): void {
  document.querySelector("#phone-bar .bar-ticket")?.classList.toggle("bar-ticket-call", behind()?.pathname !== location.pathname);
}

function sayRinging(bar: BarFacts): void {
  if (bar.call === announced) return;
  announced = bar.call;
  announce(text("ringing").replace("%s", bar.caller));
}

function onBar(changed: (bar: BarFacts) => void): void {
  const bar = readBar();
  if (isOffered(bar)) sayRinging(bar);
  if (bar.call) openBehind(bar);
  if (bar.call && bar.call === keptBack) pointOut();
  changed(bar);
}

function keepHeight(place: HTMLElement): void {
  new ResizeObserver(() => {
    document.documentElement.style.setProperty("--phone-height", `${place.offsetHeight}px`);
  }).observe(place);
}

/** Watch the bar; `changed` is called at once and after every new bar. */
export function startBar(changed: (bar: BarFacts) => void): void {
  const place = document.getElementById("phone");
  if (!place) return;
  keepHeight(place);
  // after settling: only then are the links of the new bar boosted
  document.body.addEventListener("htmx:afterSettle", (event) => {
    if ((event as CustomEvent<{ target?: Element }>).detail.target?.id === "phone-bar") onBar(changed);
  });
  document.body.addEventListener("htmx:afterRequest", (event) => {
    const path = (event as CustomEvent<{ requestConfig?: { path: string; verb: string } }>).detail.requestConfig;
    if (path?.verb === "post" && path.path.startsWith("/phone/")) {
      refreshBar();
      document.body.dispatchEvent(new CustomEvent("board-changed"));
    }
  });
  document.addEventListener("visibilitychange", () => onBar(changed));
  const now = readBar();
  // a page loaded in mid-call stays what it is
  if (now.call && !isOffered(now)) opened = { call: now.call, path: behind()?.pathname ?? "" };
  onBar(changed);
}
