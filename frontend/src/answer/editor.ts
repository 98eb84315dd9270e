/** The editor (Trix) in the place of the plain text field; its library is loaded only where somebody answers. */
import { keepSoon } from "./drafts";
import { startTemplates, type TrixElement } from "./templates";
import { addFiles, addPicture } from "./files";

interface Attachment {
  file?: File;
  setAttributes(attributes: Record<string, string>): void;
  remove(): void;
}

const PICTURES = ["image/png", "image/jpeg", "image/gif", "image/webp"];

/** Trix writes a style sheet of its own; our policy wants the page's nonce on it. */
function allowStyles(): void {
  const nonce = document.querySelector<HTMLMetaElement>('meta[name="style-nonce"]')?.content;
  if (!nonce || document.querySelector('meta[name="trix-csp-nonce"]')) return;
  const meta = document.createElement("meta");
  meta.name = "trix-csp-nonce";
  meta.content = nonce;
  document.head.append(meta);
}

async function library(): Promise<void> {
  allowStyles();
  const { default: trix } = await import("trix");
  trix.config.attachments.preview.caption = { name: false, size: false };
  trix.config.attachments.preview.presentation = null;
}

function onFileAccept(form: HTMLFormElement, event: Event): void {
  const file = (event as unknown as { file: File }).file;
  if (!form.dataset.files) return event.preventDefault();
  if (PICTURES.includes(file.type)) return;
  event.preventDefault();
  void addFiles(form, [file]);
}

async function onAttachment(form: HTMLFormElement, event: Event): Promise<void> {
  const attachment = (event as unknown as { attachment: Attachment }).attachment;
  if (!attachment.file) return;
  const url = await addPicture(form, attachment.file);
  if (url) attachment.setAttributes({ url });
  else attachment.remove();
  keepSoon(form);
}

export async function mount(place: HTMLElement): Promise<void> {
  await library();
  const area = place.querySelector("textarea")!;
  const hidden = place.querySelector<HTMLInputElement>("input[type='hidden']")!;
  const bar = place.querySelector<HTMLElement>("trix-toolbar")!;
  const form = place.closest("form")!;
  const editor = document.createElement("trix-editor");
  editor.setAttribute("input", hidden.id);
  editor.setAttribute("toolbar", bar.id);
  editor.className = "form-control trix-content";
  editor.setAttribute("aria-label", place.querySelector("label")?.textContent ?? "");
  editor.setAttribute("placeholder", area.placeholder);
  editor.id = `${area.id}-editor`;
  hidden.disabled = false;
  area.disabled = true;
  area.hidden = true;
  bar.hidden = false;
  let ready = false;
  editor.addEventListener("trix-initialize", () => {
    if ("focus" in area.dataset) editor.focus();
    ready = true;
  });
  editor.addEventListener("trix-change", () => {
    if (!ready) return;
    if (form.dataset.draft) keepSoon(form);
    hidden.dispatchEvent(new Event("input", { bubbles: true }));
  });
  editor.addEventListener("trix-file-accept", (event) => onFileAccept(form, event));
  editor.addEventListener("trix-attachment-add", (event) => void onAttachment(form, event));
  bar.after(editor);
  startTemplates(form, editor as TrixElement);
}
