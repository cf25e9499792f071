// @ts-nocheck: it runs in the page, whose types the rest of the project must not have.
/**
 * What is wrong with the layout of a page, as far as a browser can tell: each rule is a function that runs in the page, and
 * gives a line for each thing it finds.
 */
/* global document, getComputedStyle, innerHeight, innerWidth, Node, NodeFilter */

/** Text that leaves its box, or the page; a table or a picture may be wider than the page in a box that scrolls. */
export const overflow = () => {
  const found = [];
  const page = document.documentElement;
  if (page.scrollWidth > page.clientWidth) found.push(`the page is ${page.scrollWidth} px wide`);
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const box = node.parentElement;
    if (box === null || (node.textContent ?? "").trim() === "" || box.closest("svg, style") !== null) continue;
    if (!box.checkVisibility()) continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    const block = box.closest("td, th, li, p, dd, dt, h1, h2, h3, summary, figcaption, div") ?? box;
    const { left, right } = block.getBoundingClientRect();
    for (const rect of range.getClientRects()) {
      if (rect.left < left - 1 || rect.right > right + 1) found.push(`text leaves its box: ${node.textContent ?? ""}`);
    }
  }
  return found;
};

/** Words in a picture that leave it, or stand on each other. */
export const pictures = () => {
  const found = [];
  for (const svg of document.querySelectorAll("svg")) {
    const frame = svg.getBoundingClientRect();
    const texts = [...svg.querySelectorAll("text")].map((text) => ({
      text: text.textContent ?? "",
      box: text.getBoundingClientRect(),
    }));
    for (const { text, box } of texts) {
      const out =
        box.left < frame.left - 1 ||
        box.right > frame.right + 1 ||
        box.top < frame.top - 1 ||
        box.bottom > frame.bottom + 1;
      if (out) found.push(`leaves its picture: ${text}`);
    }
    for (const [k, a] of texts.entries()) {
      for (const b of texts.slice(k + 1)) {
        const wide = Math.min(a.box.right, b.box.right) - Math.max(a.box.left, b.box.left);
        const high = Math.min(a.box.bottom, b.box.bottom) - Math.max(a.box.top, b.box.top);
        // Boxes of letters have room above and below.
        if (wide > 1 && high > 4) found.push(`stand on each other: ${a.text} / ${b.text}`);
      }
    }
    if ((svg.getAttribute("aria-label") ?? "").trim() === "") found.push("a picture without a text alternative");
  }
  return found;
};

/** Too little between a colour and what it stands on (WCAG 2.2: 4.5 for text, 3 for parts of pictures). */
export const contrast = () => {
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const rgb = (colour) => {
    if (canvas === null) return [];
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3);
  };
  const luminance = (colour) => {
    const [r = 0, g = 0, b = 0] = rgb(colour).map((value) => {
      const share = value / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ratio = (a, b) => {
    const [x, y] = [luminance(a), luminance(b)];
    return (Math.max(x, y) + 0.05) / (Math.min(x, y) + 0.05);
  };
  const clear = "rgba(0, 0, 0, 0)";
  const behind = (element) => {
    for (let one = element; one !== null; one = one.parentElement) {
      const { backgroundColor } = getComputedStyle(one);
      if (backgroundColor !== clear) return backgroundColor;
    }
    return "white";
  };
  const found = new Set();
  const demand = (least, colour, ground, what) => {
    const seen = ratio(colour, ground);
    if (seen < least) found.add(`${what}: ${colour} on ${ground} is ${seen.toFixed(2)}, expected ${least.toString()}`);
  };
  for (const element of document.querySelectorAll("body *")) {
    const own = [...element.childNodes].some(
      (node) => node.nodeType === Node.TEXT_NODE && (node.textContent ?? "").trim() !== "",
    );
    if (own && element.closest("svg") === null) {
      demand(4.5, getComputedStyle(element).color, behind(element), element.textContent?.trim().slice(0, 40) ?? "");
    }
  }
  for (const svg of document.querySelectorAll("svg")) {
    const ground = behind(svg);
    const bars = [...svg.querySelectorAll("path, rect")]
      .filter((one) => getComputedStyle(one).fillOpacity !== "0")
      .map((one) => ({
        box: one.getBoundingClientRect(),
        colour: getComputedStyle(one).fill,
      }))
      .filter(({ box, colour }) => box.width > 0 && box.height > 0 && colour !== "none");
    for (const { colour } of bars) demand(3, colour, ground, "a part of a picture");
    for (const text of svg.querySelectorAll("text")) {
      const box = text.getBoundingClientRect();
      const [x, y] = [(box.left + box.right) / 2, (box.top + box.bottom) / 2];
      const under = bars.findLast(
        (bar) => bar.box.left <= x && x <= bar.box.right && bar.box.top <= y && y <= bar.box.bottom,
      );
      demand(4.5, getComputedStyle(text).fill, under?.colour ?? ground, text.textContent ?? "");
    }
  }
  return [...found];
};

/** A legend that names two things alike, or leaves a colour of its picture out. */
export const legends = () => {
  const found = [];
  for (const figure of document.querySelectorAll("figure")) {
    const keys = [...figure.querySelectorAll(".key")].map((key) => ({
      name: key.textContent ?? "",
      colour: getComputedStyle(key, "::before").backgroundColor,
    }));
    for (const [k, a] of keys.entries()) {
      for (const b of keys.slice(k + 1))
        if (a.colour === b.colour) found.push(`one colour for two: ${a.name} / ${b.name}`);
    }
    const drawn = [
      ...figure.querySelectorAll(
        "svg [fill^='var(--']:not(text), svg [stroke^='var(--']:not(text), svg [style*='var(--']:not(text)",
      ),
    ];
    const words = /var\(--(?:off|detection|restart|boot|down|edge|load-[a-z]+)\)/g;
    const used = new Set(drawn.flatMap((one) => one.outerHTML.split(">")[0]?.match(words) ?? []));
    const told = new Set(
      [...figure.querySelectorAll(".key")].flatMap((key) => key.getAttribute("style")?.match(words) ?? []),
    );
    for (const colour of used) if (!told.has(colour)) found.push(`the legend does not tell ${colour}`);
    for (const colour of told) if (!used.has(colour)) found.push(`the legend tells of ${colour}, which is not there`);
  }
  return found;
};

/** The verdict is the first thing that is seen, without scrolling. */
export const verdictFirst = () => {
  const verdict = document.querySelector(".lead");
  if (verdict === null) return ["no verdict"];
  const { top, bottom, left, right } = verdict.getBoundingClientRect();
  const seen = top >= 0 && bottom <= innerHeight / 2 && left >= 0 && right <= innerWidth && verdict.checkVisibility();
  const largest = Math.max(
    ...[...document.querySelectorAll("body *")].map((one) => parseFloat(getComputedStyle(one).fontSize)),
  );
  return [
    ...(seen ? [] : ["the verdict is not seen at once"]),
    ...(parseFloat(getComputedStyle(verdict).fontSize) === largest ? [] : ["something is larger than the verdict"]),
  ];
};
