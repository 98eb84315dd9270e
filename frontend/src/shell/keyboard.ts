/** Keys of the whole page. Single keys do nothing while somebody types (WCAG 2.1.4: they act outside fields only). */
import { openHelp, helpIsOpen } from "./help";
import { isInRows, rowKey } from "./rows";

/** True when the event comes from a place where people type. */
export function isTyping(event: KeyboardEvent): boolean {
  const target = event.target as HTMLElement;
  return target.isContentEditable || target.matches("input, textarea, select");
}

const GOTO: Record<string, string> = { h: "/", t: "/tickets/", c: "/calls/", l: "/live/", p: "/contacts/" };
let goPressedAt = 0;

function goTo(key: string): boolean {
  const url = GOTO[key];
  const link = url && document.querySelector<HTMLAnchorElement>(`#rail a[href="${url}"]`);
  if (link) link.click();
  return Boolean(link);
}

/** Click the first visible element that names this key in `data-key`. */
function pressNamed(key: string): boolean {
  const all = document.querySelectorAll<HTMLElement>(`[data-key="${CSS.escape(key)}"]`);
  const found = [...all].find((element) => element.offsetParent !== null && !element.matches(":disabled"));
  found?.click();
  return Boolean(found);
}

function onKey(event: KeyboardEvent): void {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || helpIsOpen()) return;
  if (event.key === "Escape" && closeMenus()) return;
  if (isTyping(event) || isForFocused(event)) return;
  const handled = shellKey(event.key);
  if (handled) event.preventDefault();
}

function shellKey(key: string): boolean {
  if (Date.now() - goPressedAt < 1200) {
    goPressedAt = 0;
    if (goTo(key)) return true;
  }
  if (key === "g") {
    goPressedAt = Date.now();
    return true;
  }
  if (key === "/") {
    document.getElementById("search")?.focus();
    return true;
  }
  if (key === "?") {
    openHelp();
    return true;
  }
  // within the rows their keys come first; elsewhere a key that a button names, such as the phone's, is that button's
  if (isInRows() && rowKey(key)) return true;
  return (key.length === 1 || key === "Enter" || key === "Escape") && (pressNamed(key) || rowKey(key));
}

/** Enter on a link or button that was reached by keyboard is meant for that one; what the mouse left focused does not count. */
function isForFocused(event: KeyboardEvent): boolean {
  const focused = (event.target as Element).closest("a[href], button, summary");
  return event.key === "Enter" && (focused?.matches(":focus-visible") ?? false);
}

/** Close open menus but `except`. True when there was one. */
export function closeMenus(except: Element | null = null): boolean {
  const open = [...document.querySelectorAll<HTMLDetailsElement>("details[data-menu][open]")].filter((menu) => menu !== except);
  open.forEach((menu) => {
    if (menu.contains(document.activeElement)) menu.querySelector("summary")?.focus();
    menu.open = false;
  });
  return open.length > 0;
}

export function startKeyboard(): void {
  document.addEventListener("keydown", onKey);
  document.addEventListener("click", (event) => {
    const target = event.target as Element;
    closeMenus(target.closest(".menu-item") ? null : target.closest("details[data-menu]"));
  });
}
