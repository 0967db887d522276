// The colours of the page: light, dark, or those of the system.

const KEY = "relsim-theme";
const systemDark = window.matchMedia("(prefers-color-scheme: dark)");

export class Theme {
  // `select` is where a user chooses; `changed` is called whenever the colours may be others.
  constructor(select, changed) {
    this.select = select;
    this.changed = changed;
    this.chosen = localStorage.getItem(KEY) ?? "auto";
    select.addEventListener("change", () => {
      this.chosen = select.value;
      localStorage.setItem(KEY, this.chosen);
      this.show();
    });
    systemDark.addEventListener("change", () => this.show());
  }

  get isDark() {
    return this.chosen === "dark" || (this.chosen === "auto" && systemDark.matches);
  }

  show() {
    document.documentElement.dataset.theme = this.chosen;
    this.select.value = this.chosen;
    this.changed();
  }
}
