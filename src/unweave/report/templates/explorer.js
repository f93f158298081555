// Sliders over frames that are already on the page: each shows one frame of a latent's strip, enlarged.
for (const card of document.querySelectorAll("[data-explorer]")) {
  const strips = [...card.closest("section").querySelectorAll("img[data-strip]")];
  const canvas = card.querySelector("canvas"), knobs = card.querySelector(".knobs"), gap = 2;
  const show = (strip, frame) => {
    const n = +strip.dataset.frames, width = (strip.naturalWidth + gap) / n - gap;
    canvas.width = width; canvas.height = strip.naturalHeight;
    canvas.getContext("2d").drawImage(strip, frame * (width + gap), 0, width, canvas.height, 0, 0, width, canvas.height);
  };
  for (const strip of strips) {
    const n = +strip.dataset.frames, label = document.createElement("label"), slider = document.createElement("input");
    const mark = strip.parentElement.querySelector(".own i");
    const own = mark ? Math.min(n - 1, Math.floor(parseFloat(mark.style.left) / 100 * n)) : 0;
    label.textContent = strip.dataset.strip;
    Object.assign(slider, { type: "range", min: 0, max: n - 1, value: own });
    slider.addEventListener("input", () => {
      for (const other of knobs.querySelectorAll("input")) if (other !== slider) other.value = other.dataset.own;
      show(strip, +slider.value);
    });
    slider.dataset.own = own;
    label.append(slider);
    knobs.append(label);
  }
  card.hidden = false;
  strips[0].decode().then(() => show(strips[0], +knobs.querySelector("input").value));
}
