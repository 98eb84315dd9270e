/** Files of an answer: uploaded as soon as they are chosen, dropped or pasted, and listed with a way to remove them. */
import htmx from "htmx.org";
import { csrfToken, tell, type Refusal } from "../shell/requests";
import { text } from "../shell/texts";

function request(form: HTMLFormElement, files: Iterable<File>, more: Record<string, string>): Promise<Response> {
  const body = new FormData();
  for (const [name, value] of Object.entries(more)) body.append(name, value);
  for (const file of files) body.append("files", file, file.name);
  const html: Record<string, string> = "inline" in more ? { Accept: "application/json" } : { "HX-Request": "true" };
  return fetch(form.dataset.files!, { method: "POST", body, headers: { "X-CSRFToken": csrfToken(), ...html } });
}

async function refused(answer: Response): Promise<void> {
  const json = answer.headers.get("Content-Type")?.includes("json");
  if (json) return tell((await answer.json()) as Refusal);
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  tell({ message: page.querySelector("strong")?.textContent ?? text("refused") });
}

/** Add files to those that go along. */
export async function addFiles(form: HTMLFormElement, files: Iterable<File>): Promise<void> {
  const kind = new FormData(form).get("kind");
  const place = document.getElementById("compose-files");
  place?.setAttribute("aria-busy", "true");
  try {
    const answer = await request(form, files, { kind: String(kind) });
    if (!answer.ok) return await refused(answer);
    if (!place) return;
    place.innerHTML = await answer.text();
    htmx.process(place);
  } catch {
    tell({ message: text("unreachable"), help: text("unreachable_help") });
  } finally {
    place?.removeAttribute("aria-busy");
  }
}

/** Add a picture for the text; its address, or null when it was refused. */
export async function addPicture(form: HTMLFormElement, file: File): Promise<string | null> {
  try {
    const answer = await request(form, [file], { kind: String(new FormData(form).get("kind")), inline: "1" });
    if (answer.ok) return ((await answer.json()) as { url: string }).url;
    await refused(answer);
  } catch {
    tell({ message: text("unreachable"), help: text("unreachable_help") });
  }
  return null;
}

export function startFiles(): void {
  document.addEventListener("change", (event) => {
    const field = event.target as HTMLInputElement;
    if (!field.matches("[data-add-files]") || !field.form || !field.files?.length) return;
    const files = [...field.files];
    field.value = "";
    void addFiles(field.form, files);
  });
  const over = (event: DragEvent) => (event.target as Element).closest?.<HTMLElement>("form[data-files]");
  document.addEventListener("dragover", (event) => {
    if (over(event) && event.dataTransfer?.types.includes("Files")) event.preventDefault();
  });
  document.addEventListener("drop", (event) => {
    const form = over(event) as HTMLFormElement | null;
    if (!form || event.defaultPrevented || !event.dataTransfer?.files.length) return;
    if ((event.target as Element).closest("trix-editor")) return;
    event.preventDefault();
    void addFiles(form, event.dataTransfer.files);
  });
}
