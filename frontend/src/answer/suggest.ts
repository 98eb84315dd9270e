/** A list of choices at the cursor, narrowed while one types; arrows, Enter or Tab, Esc, or the mouse. */
export interface Choice {
  value: string;
  label: string;
  hint: string;
}

const SHOWN = 8;

export class Suggest {
  private readonly list = document.createElement("ul");
  private choices: Choice[] = [];
  private at = 0;

  constructor(
    private readonly field: HTMLElement,
    private readonly chosen: (choice: Choice) => void,
    label: string,
  ) {
    this.list.className = "suggest";
    this.list.id = `${field.id}-choices`;
    this.list.setAttribute("role", "listbox");
    this.list.setAttribute("aria-label", label);
    this.list.hidden = true;
    field.setAttribute("aria-controls", this.list.id);
    field.after(this.list);
    field.addEventListener("keydown", (event) => this.onKey(event), true);
    field.addEventListener("blur", () => this.close());
  }

  get open(): boolean {
    return !this.list.hidden;
  }

  /** Show those of the choices that hold all words; nothing when none does. */
  show(all: Choice[], typed: string): void {
    const words = typed.toLowerCase().split(/\s+/).filter(Boolean);
    const fits = (one: Choice) => words.every((word) => `${one.label} ${one.hint} ${one.value}`.toLowerCase().includes(word));
    this.choices = all.filter(fits).slice(0, SHOWN);
    this.at = 0;
    this.draw();
  }

  close(): void {
    this.choices = [];
    this.draw();
  }

  private draw(): void {
    this.list.hidden = !this.choices.length;
    this.list.replaceChildren(...this.choices.map((choice, index) => this.line(choice, index)));
    if (this.open) this.field.setAttribute("aria-activedescendant", `${this.list.id}-${this.at}`);
    else this.field.removeAttribute("aria-activedescendant");
  }

  private line(choice: Choice, index: number): HTMLLIElement {
    const line = document.createElement("li");
    line.id = `${this.list.id}-${index}`;
    line.setAttribute("role", "option");
    line.setAttribute("aria-selected", String(index === this.at));
    const hint = document.createElement("span");
    hint.className = "text-secondary small";
    hint.textContent = choice.hint;
    line.append(choice.label, hint);
    line.addEventListener("mousedown", (event) => {
      event.preventDefault();
      this.take(choice);
    });
    return line;
  }

  private take(choice: Choice): void {
    this.close();
    this.chosen(choice);
  }

  private onKey(event: KeyboardEvent): void {
    if (!this.open) return;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) {
      this.at = (this.at + step + this.choices.length) % this.choices.length;
      this.draw();
    } else if ((event.key === "Enter" && !event.ctrlKey) || event.key === "Tab") {
      this.take(this.choices[this.at]!);
    } else if (event.key === "Escape") {
      this.close();
    } else {
      return;
    }
    event.preventDefault();
    event.stopImmediatePropagation();
  }
}
