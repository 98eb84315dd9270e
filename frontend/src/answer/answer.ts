/** The answer on the ticket page: the editor is loaded where there is one, files are taken by drag, paste and button. */
import { startDrafts } from "./drafts";
import { startFiles } from "./files";
import { startMentions } from "./mentions";

function start(): void {
  document.querySelectorAll<HTMLElement>("[data-editor]:not([data-started])").forEach((place) => {
    place.dataset.started = "";
    void import("./editor").then(({ mount }) => mount(place));
  });
  document.querySelectorAll<HTMLTextAreaElement>("textarea[data-mentions]:not([data-started])").forEach((field) => {
    field.dataset.started = "";
    startMentions(field);
  });
  document.querySelectorAll<HTMLElement>("textarea[data-focus]:not([data-editor] textarea)").forEach((field) => {
    field.removeAttribute("data-focus");
    field.focus();
  });
}

/** The bar of a mail that is held back goes when its time is over, though no event came. */
function dropHeld(): void {
  document.querySelectorAll<HTMLElement>("[data-held]").forEach((bar) => {
    const until = bar.querySelector<HTMLElement>("[data-until]")?.dataset.until;
    if (until && Date.parse(until) < Date.now() - 500) bar.remove();
  });
}

export function startAnswer(): void {
  startDrafts();
  startFiles();
  start();
  setInterval(dropHeld, 500);
  document.body.addEventListener("htmx:afterSettle", start);
}
