/** Notices of the bell said aloud by the browser, each once, when the person allowed it. */
const KEY = "helpline-notices-said";

function sayNew(): void {
  if (!("Notification" in window) || Notification.permission !== "granted") return;
  const said = new Set(JSON.parse(localStorage.getItem(KEY) ?? "[]") as string[]);
  document.querySelectorAll<HTMLElement>("[data-notice]").forEach((place) => {
    const id = place.dataset.notice!;
    if (said.has(id)) return;
    said.add(id);
    const shown = new Notification(place.dataset.title ?? "", { body: place.dataset.body, tag: `helpline-${id}` });
    shown.addEventListener("click", () => {
      window.focus();
      location.assign(place.dataset.url!);
    });
  });
  localStorage.setItem(KEY, JSON.stringify([...said].slice(-50)));
}

export function startNotices(): void {
  document.body.addEventListener("htmx:afterSettle", (event) => (event.target as Element).closest("#bell") && sayNew());
  document.addEventListener("click", (event) => {
    if ((event.target as Element).closest("[data-ask-notices]")) void Notification.requestPermission();
  });
}
