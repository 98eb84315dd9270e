/** Names in a note: `@` opens the list of colleagues and teams of the desk. */
import { Suggest, type Choice } from "./suggest";

const TYPED = /(?:^|[\s(])@([\w.-]{0,40})$/;

export function startMentions(field: HTMLTextAreaElement): void {
  const names = JSON.parse(document.getElementById(field.dataset.mentions!)?.textContent ?? "[]") as Choice[];
  const list = new Suggest(field, take, "@");

  function typed(): RegExpExecArray | null {
    return TYPED.exec(field.value.slice(0, field.selectionStart));
  }

  function take(choice: Choice): void {
    const found = typed();
    if (!found) return;
    const end = field.selectionStart;
    field.setRangeText(`${choice.value} `, end - found[1]!.length, end, "end");
    field.dispatchEvent(new Event("input", { bubbles: true }));
  }

  field.addEventListener("input", () => {
    const found = typed();
    if (found) list.show(names, found[1]!);
    else list.close();
  });
}
