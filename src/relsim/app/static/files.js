// Keeping a variant, copying the command and the Python, and downloads.

const at = (id) => document.getElementById(id);

export function files(app) {
  const keep = at("keep-dialog"), copy = at("copy-dialog");
  let typedFile = false; // the file follows the title until somebody writes one

  // --- keep

  const folderOf = (file) => file.split("/").slice(0, -1).join("/");
  const slug = (text) => text.normalize("NFD").toLowerCase().replace(/[\u0300-\u036f]/g, "").replace(/[^a-z0-9]+/g, "-").replace(/^-|-$/g, "").slice(0, 60);

  function proposed(name) {
    const folder = folderOf(app.opened.scenario.file);
    const short = slug(name.replace(/^.*?[,:] (?=\S)/, "")) || "variant";
    return `${folder ? `${folder}/` : ""}${short}.yaml`;
  }

  function write(replace) {
    const name = at("keep-name").value.trim(), file = at("keep-file").value.trim();
    if (!name || !file) return;
    at("keep-says").textContent = "Writing…";
    app.send({ type: "keep", file, name, changes: app.state.changes, replace });
  }

  function calm() {
    at("keep-says").textContent = "";
    at("keep-replace").hidden = true;
    at("keep-write").hidden = false;
  }

  at("keep").addEventListener("click", () => {
    at("keep-from").textContent = app.opened.scenario.file;
    at("keep-folder").textContent = app.here ?? "";
    at("keep-name").value = `${app.opened.scenario.name}, changed`;
    at("keep-file").value = proposed(at("keep-name").value);
    typedFile = false;
    calm();
    keep.showModal();
    at("keep-name").select();
  });
  at("keep-name").addEventListener("input", () => {
    calm();
    if (!typedFile) at("keep-file").value = proposed(at("keep-name").value);
  });
  at("keep-file").addEventListener("input", () => {
    typedFile = true;
    calm();
  });
  keep.querySelector("form").addEventListener("submit", (event) => {
    event.preventDefault();
    if (!at("keep-write").hidden) write(false);
  });
  at("keep-replace").addEventListener("click", () => write(true));
  at("keep-cancel").addEventListener("click", () => keep.close());

  // --- copy

  at("copy").addEventListener("click", () => {
    for (const id of ["copy-command", "copy-python", "copy-says"]) at(id)[id === "copy-says" ? "textContent" : "value"] = "";
    copy.showModal();
    app.send({ type: "copy", changes: app.state.changes, seed: app.state.seed ?? app.opened.scenario.seed });
  });
  at("copy-close").addEventListener("click", () => copy.close());
  for (const button of copy.querySelectorAll("[data-copies]")) {
    button.addEventListener("click", async () => {
      const area = at(button.dataset.copies);
      area.select();
      try {
        await navigator.clipboard.writeText(area.value);
        at("copy-says").textContent = "Copied.";
      } catch {
        at("copy-says").textContent = "The browser does not let the page copy. The text is selected: copy it with Ctrl+C.";
      }
    });
  }

  // --- downloads

  async function download(address, name) {
    at("download").open = false;
    app.announce("Preparing the download…");
    const { scenario, base, changes, seed } = app.state;
    const body = JSON.stringify({ scenario, base, changes, seed, runs: app.picture?.runs ?? app.opened.scenario.stages.at(-1) });
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
  const stem = () => slug(app.opened.scenario.name) + (Object.keys(app.state.changes).length ? "-changed" : "");
  at("table").addEventListener("click", () => download("/table", `${stem()}.csv`));
  at("sheet").addEventListener("click", () => download("/page", `${stem()}.html`));
  document.addEventListener("click", (event) => {
    if (!at("download").contains(event.target)) at("download").open = false;
  });
  at("download").addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    at("download").open = false;
    at("download").querySelector("summary").focus();
  });

  return {
    kept({ file }) {
      const name = at("keep-name").value.trim();
      if (!app.scenarios.some((one) => one.file === file)) app.scenarios.push({ file, name, about: "" });
      keep.close();
      app.filesChanged();
      app.announce(`Kept as ${file}.`);
    },
    exists({ file }) {
      at("keep-says").textContent = `${file} is there already, and nothing was written. Choose another file, or replace it: what it holds now would be lost.`;
      at("keep-write").hidden = true;
      at("keep-replace").hidden = false;
      at("keep-replace").focus();
    },
    // True where the dialog is open and shows the words.
    refused(words) {
      if (!keep.open) return false;
      at("keep-says").textContent = words;
      return true;
    },
    copied({ command, python }) {
      at("copy-command").value = command;
      at("copy-python").value = python;
    },
  };
}
