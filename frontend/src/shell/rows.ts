/** Rows of a list by keyboard: j and k walk, x chooses, o opens. Walking moves the real focus to the row's link, so Enter
 * opens it, screen readers read it, and Tab goes on from there. Ticks are counted, and one tick chooses the whole page. */
import { text } from "./texts";

function links(): HTMLElement[] {
  return [...document.querySelectorAll<HTMLElement>("#main tr[data-row] [data-row-link]")].filter((link) => link.offsetParent !== null);
}

function currentRow(): HTMLElement | null {
  return document.activeElement?.closest<HTMLElement>("#main tr[data-row]") ?? null;
}

/** True while the focus is in a row. */
export function isInRows(): boolean {
  return currentRow() !== null;
}

function walk(step: 1 | -1): boolean {
  const all = links();
  if (!all.length) return false;
  const row = currentRow();
  const at = row ? all.findIndex((link) => row.contains(link)) : step > 0 ? -1 : all.length;
  const next = all[Math.min(Math.max(at + step, 0), all.length - 1)]!;
  next.focus();
  next.closest("tr")?.scrollIntoView({ block: "nearest" });
  return true;
}

function inRow(selector: string): boolean {
  const found = currentRow()?.querySelector<HTMLElement>(selector);
  found?.click();
  return Boolean(found);
}

/** What a key does in a list. False when there is no list, or nothing for this key. */
export function rowKey(key: string): boolean {
  if (key === "j") return walk(1);
  if (key === "k") return walk(-1);
  if (key === "x") return inRow("input[type=checkbox]");
  return key === "o" && inRow("[data-row-link]");
}

function ticks(list: Element): HTMLInputElement[] {
  return [...list.querySelectorAll<HTMLInputElement>("tr[data-row] input[type=checkbox]")];
}

/** Say how many are chosen; the tick of the heading says whether all are. */
function count(list: Element): void {
  const all = ticks(list);
  const chosen = all.filter((tick) => tick.checked).length;
  const place = list.querySelector("[data-chosen]");
  if (place) place.textContent = text("chosen").replace("%s", String(chosen));
  const whole = list.querySelector<HTMLInputElement>("[data-choose-all]");
  if (!whole) return;
  whole.hidden = false;
  whole.checked = all.length > 0 && chosen === all.length;
  whole.indeterminate = chosen > 0 && chosen < all.length;
}

function onChange(event: Event): void {
  const field = event.target as HTMLInputElement;
  const list = field.closest("[data-list]");
  if (!list) return;
  if (field.matches("[data-choose-all]")) ticks(list).forEach((tick) => (tick.checked = field.checked));
  count(list);
}

function countAll(): void {
  document.querySelectorAll("[data-list]").forEach(count);
}

export function startRows(): void {
  document.addEventListener("change", onChange);
  document.body.addEventListener("htmx:afterSettle", countAll);
  countAll();
}
