// Keeping a variant, copying the command and the Python, and downloads.

const at = (id) => document.getElementById(id);

const NOT_CONNECTED = "The connection to relsim is lost. Try again once it is back.";

const folderOf = (file) => file.split("/").slice(0, -1).join("/");
const slug = (text) => text.normalize("NFD").toLowerCase().replace(/[\u0300-\u036f]/g, "").replace(/[^a-z0-9]+/g, "-").replace(/^-|-$/g, "").slice(0, 60);

export class Files {
  constructor(app) {
    this.app = app;
    this.typedFile = false; // the file follows the title until somebody writes one
    this.keepDialog = at("keep-dialog");
    this.copyDialog = at("copy-dialog");
    this.listenToKeep();
    this.listenToCopy();
    this.listenToDownload();
  }

  // --- keep

  listenToKeep() {
    at("keep").addEventListener("click", () => this.askWhereToKeep());
    at("keep-name").addEventListener("input", () => {
      this.calm();
      if (!this.typedFile) at("keep-file").value = this.proposed(at("keep-name").value);
    });
    at("keep-file").addEventListener("input", () => {
      this.typedFile = true;
      this.calm();
    });
    this.keepDialog.querySelector("form").addEventListener("submit", (event) => {
      event.preventDefault();
      if (!at("keep-write").hidden) this.write(false);
    });
    at("keep-replace").addEventListener("click", () => this.write(true));
    at("keep-cancel").addEventListener("click", () => this.keepDialog.close());
  }

  askWhereToKeep() {
    const { scenario } = this.app.opened;
    at("keep-from").textContent = scenario.file;
    at("keep-folder").textContent = this.app.here ?? "";
    at("keep-name").value = `${scenario.name}, changed`;
    at("keep-file").value = this.proposed(at("keep-name").value);
    this.typedFile = false;
    this.calm();
    this.keepDialog.showModal();
    at("keep-name").select();
  }

  // The file that a variant of this title would be, beside the scenario's.
  proposed(name) {
    const folder = folderOf(this.app.opened.scenario.file);
    const short = slug(name.replace(/^.*?[,:] (?=\S)/, "")) || "variant";
    return `${folder ? `${folder}/` : ""}${short}.yaml`;
  }

  write(replace) {
    const name = at("keep-name").value.trim(), file = at("keep-file").value.trim();
    if (!name || !file) return;
    at("keep-says").textContent = "Writing…";
    if (!this.app.send({ type: "keep", file, name, changes: this.app.state.changes, replace })) this.lost();
  }

  // What was asked for is not answered any more.
  lost() {
    at("keep-says").textContent = NOT_CONNECTED;
    if (!at("copy-command").value) at("copy-says").textContent = NOT_CONNECTED;
  }

  calm() {
    at("keep-says").textContent = "";
    at("keep-replace").hidden = true;
    at("keep-write").hidden = false;
  }

  kept({ file }) {
    const name = at("keep-name").value.trim();
    if (!this.app.scenarios.some((one) => one.file === file)) this.app.scenarios.push({ file, name, about: "" });
    this.keepDialog.close();
    this.app.filesChanged();
    this.app.announce(`Kept as ${file}.`);
  }

  exists({ file }) {
    at("keep-says").textContent = `${file} is there already, and nothing was written. Choose another file, or replace it: what it holds now would be lost.`;
    at("keep-write").hidden = true;
    at("keep-replace").hidden = false;
    at("keep-replace").focus();
  }

  // True where the dialog is open and shows the words.
  refused(words) {
    if (!this.keepDialog.open) return false;
    at("keep-says").textContent = words;
    return true;
  }

  // --- copy

  listenToCopy() {
    at("copy").addEventListener("click", () => this.askToCopy());
    at("copy-close").addEventListener("click", () => this.copyDialog.close());
    for (const button of this.copyDialog.querySelectorAll("[data-copies]")) {
      button.addEventListener("click", () => copyFrom(at(button.dataset.copies)));
    }
  }

  askToCopy() {
    const { app } = this;
    at("copy-command").value = at("copy-python").value = "";
    at("copy-says").textContent = "";
    this.copyDialog.showModal();
    if (!app.send({ type: "copy", changes: app.state.changes })) this.lost();
  }

  copied({ command, python }) {
    at("copy-says").textContent = "";
    at("copy-command").value = command;
    at("copy-python").value = python;
  }

  // --- downloads

  listenToDownload() {
    const menu = at("download");
    at("table").addEventListener("click", () => this.download("/table", "csv"));
    at("sheet").addEventListener("click", () => this.download("/page", "html"));
    document.addEventListener("click", (event) => {
      if (!menu.contains(event.target)) menu.open = false;
    });
    menu.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      menu.open = false;
      menu.querySelector("summary").focus();
    });
  }

  async download(address, ending) {
    const { app } = this, { scenario, base, changes, seed } = app.state;
    const name = `${slug(app.opened.scenario.name)}${Object.keys(changes).length ? "-changed" : ""}.${ending}`;
    at("download").open = false;
    app.announce("Preparing the download…");
    const body = JSON.stringify({
      scenario, base, changes, seed, runs: app.picture?.runs ?? app.opened.scenario.stages.at(-1),
      scenario_hash: app.opened.scenario.hash, base_hash: app.opened.base.hash,
    });
    try {
      const answer = await fetch(address, { method: "POST", headers: { "Content-Type": "application/json" }, body });
      if (!answer.ok) {
        const { text, problems } = await answer.json();
        throw new Error(text ?? problems.map((one) => one.text).join(" "));
      }
      const link = document.createElement("a");
      link.href = URL.createObjectURL(await answer.blob());
      link.download = name;
      link.click();
      window.setTimeout(() => URL.revokeObjectURL(link.href), 60000);
      app.announce(`Downloaded ${name}.`);
    } catch (error) {
      app.announce(`The download did not work: ${error.message}`);
    }
  }
}

async function copyFrom(area) {
  area.select();
  try {
    await navigator.clipboard.writeText(area.value);
    at("copy-says").textContent = "Copied.";
  } catch {
    at("copy-says").textContent = "The browser does not let the page copy. The text is selected: copy it with Ctrl+C.";
  }
}
