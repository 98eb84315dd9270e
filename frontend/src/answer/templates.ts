/** Templates in the editor: `/` opens the list at the cursor, the field below does the same without keys. */
import htmx from "htmx.org";
import { csrfToken, tell, type Refusal } from "../shell/requests";
import { text } from "../shell/texts";
import { Suggest, type Choice } from "./suggest";

export interface TrixElement extends HTMLElement {
  editor: {
    getPosition(): number;
    getDocument(): { toString(): string };
    setSelectedRange(range: [number, number] | number): void;
    deleteInDirection(direction: string): void;
    insertHTML(html: string): void;
  };
}

/** What stands between the last `/` after a blank and the cursor; null when there is none. */
const TYPED = /(?:^|\s)\/([^\n/]{0,40})$/;

function before(editor: TrixElement): string {
  return editor.editor.getDocument().toString().slice(0, editor.editor.getPosition());
}

async function insert(form: HTMLFormElement, field: HTMLSelectElement, editor: TrixElement, id: string): Promise<void> {
  const body = new FormData(form);
  body.set("template", id);
  body.delete("files");
  const headers = { "X-CSRFToken": csrfToken(), Accept: "application/json" };
  try {
    const answer = await fetch(field.dataset.templates!, { method: "POST", body, headers });
    const given = (await answer.json()) as Refusal & { html: string; files: string };
    if (!answer.ok) return tell(given);
    editor.focus();
    editor.editor.insertHTML(given.html);
    const place = document.getElementById("compose-files");
    if (!place) return;
    place.innerHTML = given.files;
    htmx.process(place);
  } catch {
    tell({ message: text("unreachable"), help: text("unreachable_help") });
  }
}

export function startTemplates(form: HTMLFormElement, editor: TrixElement): void {
  const field = form.querySelector<HTMLSelectElement>("select[data-templates]");
  if (!field) return;
  const choices: Choice[] = [...field.options]
    .filter((option) => option.value)
    .map((option) => ({ value: option.value, label: option.text, hint: option.dataset.hint ?? "" }));
  const list = new Suggest(editor, (choice) => take(choice), field.getAttribute("aria-label") ?? "");

  function take(choice: Choice): void {
    const typed = TYPED.exec(before(editor));
    if (typed) {
      const end = editor.editor.getPosition();
      editor.editor.setSelectedRange([end - typed[1]!.length - 1, end]);
      editor.editor.deleteInDirection("backward");
    }
    void insert(form, field!, editor, choice.value);
  }

  editor.addEventListener("trix-change", () => {
    const typed = TYPED.exec(before(editor));
    if (typed) list.show(choices, typed[1]!);
    else list.close();
  });
  field.addEventListener("change", () => {
    if (field.value) void insert(form, field, editor, field.value);
    field.value = "";
  });
}
