/** The light and dark toggle. */
const KEY = "helpline-theme";
const system = window.matchMedia("(prefers-color-scheme: dark)");

function show(theme: string): void {
  document.documentElement.dataset.bsTheme = theme;
}

export function startTheme(): void {
  document.addEventListener("click", (event) => {
    if (!(event.target as Element).closest("[data-theme-toggle]")) return;
    const next = document.documentElement.dataset.bsTheme === "dark" ? "light" : "dark";
    localStorage.setItem(KEY, next);
    show(next);
  });
  system.addEventListener("change", () => {
    if (!localStorage.getItem(KEY)) show(system.matches ? "dark" : "light");
  });
}
