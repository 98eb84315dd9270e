/** Waiting callers dragged from queue to queue on the live page; the menu of each row does the same by keyboard. */
import { post } from "../shell/requests";

const TYPE = "application/x-helpline-call";

function rowUnder(event: DragEvent): HTMLElement | null {
  return (event.target as Element).closest<HTMLElement>("[data-drop-queue]");
}

function clear(): void {
  document.querySelectorAll(".drop-here").forEach((row) => row.classList.remove("drop-here"));
}

export function startDragging(): void {
  document.addEventListener("dragstart", (event) => {
    const call = (event.target as HTMLElement).dataset?.dragCall;
    if (call) event.dataTransfer?.setData(TYPE, call);
  });
  document.addEventListener("dragover", (event) => {
    if (!event.dataTransfer?.types.includes(TYPE)) return;
    clear();
    const row = rowUnder(event);
    if (!row) return;
    event.preventDefault();
    row.classList.add("drop-here");
  });
  document.addEventListener("dragend", clear);
  document.addEventListener("drop", (event) => {
    const [call, row] = [event.dataTransfer?.getData(TYPE), rowUnder(event)];
    clear();
    if (!call || !row) return;
    event.preventDefault();
    void post("/phone/move/", { call, queue: row.dataset.dropQueue! }).then(() => {
      document.body.dispatchEvent(new CustomEvent("board-changed"));
    });
  });
}
