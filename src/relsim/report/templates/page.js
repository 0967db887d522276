"use strict";
// Charts stand as JSON beside the element that shows them; controls set signals of the charts in
// their own section.
const views = new Map();

function show(place) {
  const spec = JSON.parse(document.getElementById(place.dataset.chart).textContent);
  const options = {
    renderer: "svg",
    actions: { export: { svg: true, png: true }, source: false, compiled: false, editor: false },
    downloadFileName: place.dataset.chart,
  };
  return vegaEmbed(place, spec, options).then((result) => {
    views.set(place, result.view);
    const menu = place.querySelector("details > summary");
    if (menu) {
      menu.setAttribute("aria-label", "Save this chart");
      menu.querySelector("svg").setAttribute("aria-hidden", "true");
    }
  });
}

function valueOf(control) {
  if (control.type === "checkbox") return control.checked;
  return control.type === "range" ? control.valueAsNumber : control.value;
}

// A slider over things that have words says the word of where it is.
function say(control) {
  if (!control.dataset.words) return;
  const word = JSON.parse(control.dataset.words)[control.valueAsNumber];
  control.setAttribute("aria-valuetext", word);
  control.labels[0].querySelector("output").textContent = word;
}

// Not every chart of a section knows every signal; Vega refuses those that it does not know.
function knows(view, signal) {
  try {
    view.signal(signal);
    return true;
  } catch {
    return false;
  }
}

function apply(control) {
  const value = valueOf(control), signal = control.dataset.control;
  say(control);
  for (const place of control.closest("section").querySelectorAll("[data-chart]")) {
    const view = views.get(place);
    if (view && knows(view, signal)) view.signal(signal, value).runAsync();
  }
}

document.querySelectorAll("[data-control]").forEach((control) => {
  control.addEventListener(control.type === "range" ? "input" : "change", () => apply(control));
});

// A button sets several controls of its section at once.
document.querySelectorAll("[data-sets]").forEach((button) => {
  button.addEventListener("click", () => {
    for (const [name, value] of Object.entries(JSON.parse(button.dataset.sets))) {
      const control = button.closest("section").querySelector(`[data-control="${name}"]`);
      control.value = value;
      apply(control);
    }
  });
});

// What is wider than the page says so, and fades at the right as long as there is more to see.
function markWide() {
  for (const box of document.querySelectorAll(".scroll")) {
    box.classList.toggle("wide", box.clientWidth < box.scrollWidth - 1);
    box.classList.toggle("more", box.scrollLeft + box.clientWidth < box.scrollWidth - 1);
  }
}

for (const event of ["scroll", "toggle"]) document.addEventListener(event, markWide, true);
window.addEventListener("resize", markWide);
markWide();

const whenShown = Promise.all([...document.querySelectorAll("[data-chart]")].map(show)).then(
  () => {
    document.querySelectorAll("[data-control]").forEach(apply);
    markWide();
    document.documentElement.dataset.charts = "shown";
  },
  (error) => {
    document.documentElement.dataset.charts = "failed";
    document.getElementById("failure").textContent = `A chart could not be shown: ${error.message}`;
  },
);
