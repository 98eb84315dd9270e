/** The panel of keys. */
function panel(): HTMLDialogElement | null {
  return document.getElementById("help") as HTMLDialogElement | null;
}

export function openHelp(): void {
  panel()?.showModal();
}

export function helpIsOpen(): boolean {
  return panel()?.open ?? false;
}

export function startHelp(): void {
  document.addEventListener("click", (event) => {
    const target = event.target as Element;
    if (target.closest("[data-help-open]")) openHelp();
    if (target.closest("[data-help-close]") || target === panel()) panel()?.close();
  });
}
