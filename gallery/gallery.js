/* The gallery's one script. Every page is whole without it; with it works are found, compared and looked at closely. */
(() => {
  "use strict";

  const html = document.documentElement;
  const root = html.dataset.root || "";
  const isWall = html.dataset.page === "wall";
  const PAGE_SIZE = 60;

  /* Elements */

  function make(tag, attributes = {}, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (typeof value === "function") element.addEventListener(name.slice(2), value);
      else if (value === true) element.setAttribute(name, "");
      else if (value !== false && value != null) element.setAttribute(name, value);
    }
    element.append(...children);
    return element;
  }

  const button = (label, onclick, attributes = {}) =>
    make("button", { type: "button", class: "button", onclick, ...attributes }, label);

  function announce(text) {
    const status = document.getElementById("status");
    if (status) status.textContent = text;
  }

  function counted(number, noun) {
    return `${number.toLocaleString("en")} ${noun}${number === 1 ? "" : "s"}`;
  }

  function kept(name, value) {
    try {
      if (value === undefined) return localStorage.getItem(name);
      if (value === null) localStorage.removeItem(name);
      else localStorage.setItem(name, value);
    } catch {
      /* a browser may keep nothing for files: the choice then lasts as long as the page */
    }
    return value;
  }

  /* Light and dark */

  const dark = matchMedia("(prefers-color-scheme: dark)");

  function theme() {
    return html.dataset.theme || (dark.matches ? "dark" : "light");
  }

  function setTheme(chosen) {
    if (chosen === (dark.matches ? "dark" : "light")) {
      delete html.dataset.theme;
      kept("artforge-theme", null);
    } else {
      html.dataset.theme = chosen;
      kept("artforge-theme", chosen);
    }
    tellTheme();
  }

  function tellTheme() {
    for (const each of document.querySelectorAll("[data-themes]")) {
      each.textContent = theme() === "dark" ? "Light" : "Dark";
    }
  }

  const toggleTheme = () => setTheme(theme() === "dark" ? "light" : "dark");

  if (["dark", "light"].includes(kept("artforge-theme"))) html.dataset.theme = kept("artforge-theme");
  dark.addEventListener("change", tellTheme);

  /* Films play where they are seen, unless motion is unwanted or they were halted */

  const calm = matchMedia("(prefers-reduced-motion: reduce)");
  let halted = kept("artforge-films") === "halted";

  const mayPlay = () => !calm.matches && !halted;

  function filmOf(card) {
    const present = card.querySelector("video");
    if (present) return present;
    const film = make("video", {
      src: root + card.dataset.film, loop: true, playsinline: true, "aria-hidden": "true", tabindex: "-1",
    });
    film.muted = true;
    film.addEventListener("playing", () => film.classList.add("playing"));
    card.querySelector(".picture").append(film);
    return film;
  }

  const inView = new Set();

  function settle(card) {
    if (inView.has(card) && mayPlay()) filmOf(card).play().catch(() => {});
    else card.querySelector("video")?.pause();
  }

  const watcher = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries) {
      if (isIntersecting) inView.add(target);
      else inView.delete(target);
      settle(target);
    }
  }, { threshold: 0.5 });

  function playWhereSeen(cards) {
    for (const card of cards) watcher.observe(card);
  }

  function settleAll() {
    for (const card of inView) settle(card);
  }

  calm.addEventListener("change", () => {
    if (calm.matches) for (const film of document.querySelectorAll(".card video")) film.remove();
    settleAll();
  });

  function haltButton() {
    const words = () => (halted ? "Play films" : "Pause films");
    return button(words(), (event) => {
      halted = !halted;
      kept("artforge-films", halted ? "halted" : null);
      event.currentTarget.textContent = words();
      settleAll();
    });
  }

  /* Finding: what is looked for stands in the address, so that it can be shared */

  const FACETS = {
    recipe: { label: "Recipe", of: (work) => [work.recipe], name: (_, work) => work.section },
    model: { label: "Model", of: (work) => work.models },
    class: { label: "Class", of: (work) => work.classes, name: (value) => value.replaceAll("_", " ") },
    colour: { label: "Colour", of: (work) => [work.colour] },
    format: { label: "Format", of: (work) => work.formats },
  };

  const alphabet = new Intl.Collator("en", { numeric: true, sensitivity: "base" });
  const nullsLast = (one, other, sign) =>
    one === other ? 0 : one === null ? 1 : other === null ? -1 : sign * (one - other);

  const SORTS = {
    newest: { label: "Newest first", order: (a, b) => (a.date < b.date ? 1 : a.date > b.date ? -1 : 0) },
    oldest: { label: "Oldest first", order: (a, b) => (a.date < b.date ? -1 : a.date > b.date ? 1 : 0) },
    certain: { label: "Network most certain", order: (a, b) => nullsLast(a.probability, b.probability, -1) },
    doubtful: { label: "Network least certain", order: (a, b) => nullsLast(a.probability, b.probability, 1) },
    title: { label: "By title", order: (a, b) => alphabet.compare(a.title, b.title) },
  };

  let loading = null;

  /** The list of all works, fetched once and only when something is looked for. */
  function loadWorks() {
    loading ??= new Promise((resolve, reject) => {
      const script = make("script", {
        src: `${root}works.js`,
        onload: () => resolve(window.artforgeWorks.works),
        onerror: () => {
          loading = null;
          reject(new Error("the list of works (works.js) cannot be read"));
        },
      });
      document.head.append(script);
    });
    return loading;
  }

  const folded = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
  const haystacks = new WeakMap();

  function haystack(work) {
    if (!haystacks.has(work)) {
      const told = [work.title, work.name, work.section, work.recipe, work.alt, work.kind, work.colour, work.id];
      haystacks.set(work, folded([...told, ...work.models, ...work.classes, ...work.formats].join("\n")));
    }
    return haystacks.get(work);
  }

  /** The search that an address holds, or null: plain anchors have no `=`. */
  function searchIn(hash) {
    if (!hash.includes("=")) return null;
    const given = new URLSearchParams(hash.replace(/^#/, ""));
    const search = {};
    for (const name of ["q", ...Object.keys(FACETS), "sort", "liked", "page", "at"]) {
      if (given.get(name)) search[name] = given.get(name);
    }
    return Object.keys(search).length ? search : null;
  }

  const hashOf = (search) => {
    const told = Object.entries(search ?? {}).filter(([, value]) => value);
    return told.length ? `#${new URLSearchParams(told)}` : "";
  };

  function passes(work, search, words, except) {
    for (const [name, facet] of Object.entries(FACETS)) {
      if (name !== except && search[name] && !facet.of(work).includes(search[name])) return false;
    }
    if (search.liked && !session.liked.has(work.id)) return false;
    const hay = words.length ? haystack(work) : "";
    return words.every((word) => hay.includes(word));
  }

  function wordsOf(search) {
    return folded(search.q ?? "").split(/\s+/).filter(Boolean);
  }

  function select(works, search) {
    const words = wordsOf(search);
    const found = works.filter((work) => passes(work, search, words));
    const sort = SORTS[search.sort];
    return sort ? found.sort(sort.order) : found;
  }

  /** For each value of a facet how many works have it among those that pass everything else. */
  function countFacet(works, search, name) {
    const words = wordsOf(search);
    const counts = new Map();
    for (const work of works) {
      const count = passes(work, search, words, name) ? 1 : 0;
      for (const value of FACETS[name].of(work)) {
        const known = counts.get(value) ?? { label: FACETS[name].name?.(value, work) ?? value, count: 0 };
        known.count += count;
        counts.set(value, known);
      }
    }
    return [...counts].sort(([, one], [, other]) => alphabet.compare(one.label, other.label));
  }

  /* Cards of what was found */

  const MEDIA_TYPES = { avif: "image/avif", webp: "image/webp", jpg: "image/jpeg", png: "image/png" };

  function pictureOf(work, sizes) {
    const { stem, sizes: boxes } = work.thumbs;
    const formats = window.artforgeWorks.thumbFormats;
    const last = formats[formats.length - 1];
    const srcset = (format) => boxes.map(([width]) => `${root}${stem}-${width}.${format} ${width}w`).join(", ");
    const [width, height] = boxes[0];
    return make("picture", {},
      ...formats.slice(0, -1).map((format) =>
        make("source", { type: MEDIA_TYPES[format], srcset: srcset(format), sizes })),
      make("img", {
        src: `${root}${stem}-${width}.${last}`, srcset: srcset(last), sizes, width, height,
        loading: "lazy", decoding: "async", alt: work.alt,
      }));
  }

  function markOf(work) {
    if (work.kind !== "film") return "";
    const length = work.seconds ? `${Math.round(work.seconds * 10) / 10} s` : "";
    return make("span", { class: "mark" }, make("span", { class: "unseen" }, length ? "Film, " : "Film"), length);
  }

  function cardOf(work, hash) {
    const ratio = work.width / work.height;
    const sizes = `(max-width: 48rem) 92vw, ${Math.round(ratio * 260)}px`;
    const name = work.name ? `${work.title}, ${work.name}` : work.title;
    const card = make("li", { class: "card", "data-work": work.id, "data-kind": work.kind, "data-film": work.film },
      make("a", { href: `${root}${work.page}${hash}` },
        make("span", { class: "picture" }, pictureOf(work, sizes), markOf(work)),
        make("span", { class: "name", dir: "auto" }, name)));
    card.style.setProperty("--ratio", ratio.toFixed(4));
    card.style.setProperty("--tone", work.tone);
    return card;
  }

  const inSearch = (search) => `#find=${encodeURIComponent(hashOf({ ...search, page: "", at: "" }).slice(1))}`;

  /* The wall */

  function prepareWall() {
    const tools = document.getElementById("tools");
    const found = document.getElementById("found");
    if (!tools || !found) return;
    const title = document.getElementById("found-title");
    const list = document.getElementById("found-works");
    const hung = [...document.querySelectorAll("#works > section.recipe, nav.pages")];
    let works = null;

    const query = make("input", {
      type: "search", id: "find-words", placeholder: "Search", autocomplete: "off", spellcheck: "false",
      "aria-label": "Search the works", onfocus: () => ready(), oninput: () => change(true),
    });
    const filters = button("Filter", () => openPanel(panel.hidden), {
      "aria-expanded": "false", "aria-controls": "find-panel",
    });
    const facets = Object.fromEntries(Object.keys(FACETS).map((name) =>
      [name, make("select", { id: `find-${name}`, onchange: () => change() })]));
    const sort = make("select", { id: "find-sort", onchange: () => change() },
      make("option", { value: "" }, "As hung"),
      ...Object.entries(SORTS).map(([value, { label }]) => make("option", { value }, label)));
    const liked = make("input", { type: "checkbox", id: "find-liked", onchange: () => change() });
    const labelled = (label, field) =>
      make("p", { class: "field" }, make("label", { for: field.id }, label), field);
    const likedField = make("p", { class: "field", hidden: !session.token },
      make("label", { for: "find-liked" }, "Liked only"), liked);
    const panel = make("div", { id: "find-panel", class: "panel", hidden: true },
      ...Object.entries(facets).map(([name, field]) => labelled(FACETS[name].label, field)),
      labelled("Sort", sort), likedField);
    const clear = button("Clear", () => go(null), { hidden: true });
    const form = make("form", { role: "search", class: "finder", onsubmit: (event) => event.preventDefault() },
      query, filters, clear, panel);
    const controls = make("div", { class: "controls" });
    if (document.querySelector(".card[data-film]") && !calm.matches) controls.append(haltButton());
    controls.append(...commonControls());
    tools.append(form, controls);
    tools.hidden = false;

    async function ready() {
      if (works) return true;
      try {
        works = await loadWorks();
      } catch (error) {
        announce(error.message);
        title.textContent = `Nothing can be found here: ${error.message}.`;
        return false;
      }
      return true;
    }

    async function openPanel(open) {
      if (open) {
        if (!(await ready())) return;
        fillPanel(searchIn(location.hash) ?? {});
      }
      panel.hidden = !open;
      filters.setAttribute("aria-expanded", String(open));
    }

    function fillPanel(search) {
      for (const [name, field] of Object.entries(facets)) {
        const options = countFacet(works, search, name);
        const chosen = search[name] ?? "";
        field.replaceChildren(make("option", { value: "" }, "All"),
          ...options.filter(([value, { count }]) => count || value === chosen)
            .map(([value, { label, count }]) => make("option", { value }, `${label} (${count})`)));
        field.value = chosen;
        field.closest(".field").hidden = options.length < 2 && !chosen;
      }
      sort.querySelector("[value=certain]").hidden = sort.querySelector("[value=doubtful]").hidden =
        works.every((work) => work.probability === null);
      sort.value = SORTS[search.sort] ? search.sort : "";
      liked.checked = Boolean(search.liked);
    }

    function wanted() {
      const search = { q: query.value.trim(), sort: sort.value, liked: liked.checked ? "yes" : "" };
      for (const [name, field] of Object.entries(facets)) search[name] = field.value;
      return search;
    }

    let typing = 0;
    function change(typed = false) {
      clearTimeout(typing);
      typing = setTimeout(async () => {
        if (await ready()) go(wanted(), typed);
      }, typed ? 120 : 0);
    }

    /** Put a search into the address; what is typed letter by letter leaves no trail in the history. */
    function go(search, quietly = false) {
      const address = `${location.pathname}${location.search}${hashOf(search)}`;
      if (quietly && searchIn(location.hash)) history.replaceState(null, "", address);
      else history.pushState(null, "", address);
      show();
    }

    async function show({ moved = false } = {}) {
      const search = searchIn(location.hash);
      clear.hidden = !search;
      if (document.activeElement !== query) query.value = search?.q ?? "";
      const isFound = search !== null && (await ready());
      found.hidden = search === null;
      for (const each of hung) each.hidden = search !== null;
      if (!isFound) {
        list.replaceChildren();
        if (!search) {
          announce("");
          openPanel(false);
          if (moved) document.getElementById(location.hash.slice(1))?.scrollIntoView();
        }
        return;
      }
      if (!panel.hidden || Object.keys(search).some((name) => name in FACETS || name === "sort" || name === "liked")) {
        openPanel(true);
      }
      showFound(search, moved);
    }

    function showFound(search, moved) {
      const matching = select(works, search);
      const numPages = Math.max(1, Math.ceil(matching.length / PAGE_SIZE));
      const place = search.at ? matching.findIndex((work) => work.id === search.at) : -1;
      const asked = place >= 0 ? Math.floor(place / PAGE_SIZE) + 1 : Number.parseInt(search.page, 10) || 1;
      const number = Math.min(Math.max(1, asked), numPages);
      title.textContent = matching.length ? counted(matching.length, "work") : "Nothing found";
      announce(`${matching.length ? counted(matching.length, "work") : "nothing"} found`);
      const hash = inSearch(search);
      const shown = matching.slice((number - 1) * PAGE_SIZE, number * PAGE_SIZE).map((work) => cardOf(work, hash));
      list.replaceChildren(...shown);
      found.querySelector(".found-pages")?.remove();
      if (numPages > 1) found.append(foundPages(search, number, numPages));
      playWhereSeen(shown.filter((card) => card.dataset.film));
      markLiked(shown);
      if (place >= 0) {
        focusCard(list.querySelector(`[data-work="${CSS.escape(search.at)}"] > a`));
        const kept = { ...search, at: "", page: number > 1 ? String(number) : "" };
        history.replaceState(null, "", hashOf(kept) || "#");
      } else if (moved) {
        title.tabIndex = -1;
        title.focus({ preventScroll: true });
        found.scrollIntoView();
      }
    }

    function foundPages(search, number, numPages) {
      const link = (to, label, rel) => (to < 1 || to > numPages
        ? make("span", { class: "ended" }, label)
        : make("a", { rel, href: hashOf({ ...search, at: "", page: String(to) }) }, label));
      return make("nav", { class: "pages found-pages", "aria-label": "Pages of what was found" },
        link(number - 1, "Previous", "prev"),
        make("span", { class: "place" }, `${number} of ${numPages}`),
        link(number + 1, "Next", "next"));
    }

    addEventListener("hashchange", () => show({ moved: true }));
    addEventListener("popstate", () => show());
    addEventListener("likes", () => searchIn(location.hash)?.liked && show());
    show();
    if (location.hash.startsWith("#w-")) {
      // not before: on its way to an anchor a browser takes the focus from whatever has it
      addEventListener("load", () => focusCard(document.getElementById(location.hash.slice(1))?.querySelector("a")));
    }
    playWhereSeen(document.querySelectorAll(".card[data-film]"));

    keys["/"] = () => query.focus();
    keys.Escape = () => {
      if (document.activeElement === query || searchIn(location.hash)) {
        query.value = "";
        query.blur();
        if (searchIn(location.hash)) go(null);
      } else document.activeElement?.blur();
    };
    for (const key of ["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "Home", "End"]) {
      keys[key] = () => step(key);
    }
    keys.l = () => {
      const card = document.activeElement?.closest(".card");
      if (card && session.token) toggleLike(card.dataset.work);
    };
  }

  function focusCard(link) {
    if (!link) return;
    link.focus({ preventScroll: true });
    link.scrollIntoView({ block: "nearest" });
  }

  const visibleCards = () =>
    [...document.querySelectorAll(".card > a")].filter((link) => link.offsetParent !== null);

  /** Move the focus from card to card; false leaves the key to the browser. */
  function step(key) {
    const cards = visibleCards();
    const current = cards.indexOf(document.activeElement);
    if (current < 0) {
      if (key !== "ArrowRight" && key !== "ArrowLeft") return false;
      focusCard(cards.find((link) => link.getBoundingClientRect().bottom > 0));
      return true;
    }
    const target = {
      Home: () => cards[0],
      End: () => cards[cards.length - 1],
      ArrowLeft: () => cards[current - 1],
      ArrowRight: () => cards[current + 1],
      ArrowUp: () => nearest(cards, cards[current], -1),
      ArrowDown: () => nearest(cards, cards[current], 1),
    }[key]();
    focusCard(target);
    return true;
  }

  function nearest(cards, from, direction) {
    const box = from.getBoundingClientRect();
    const middle = (box.left + box.right) / 2;
    let best = null;
    let least = Infinity;
    for (const card of cards) {
      const other = card.getBoundingClientRect();
      const gap = direction > 0 ? other.top - box.bottom : box.top - other.bottom;
      const distance = 4 * gap + Math.abs((other.left + other.right) / 2 - middle);
      if (gap >= -1 && distance < least) [best, least] = [card, distance];
    }
    return best;
  }

  /* A work */

  function prepareWork() {
    const main = document.querySelector("main.work");
    const tools = document.getElementById("tools");
    if (tools) {
      if (session.token) tools.append(likeButton(main.dataset.work));
      tools.append(...commonControls());
      tools.hidden = false;
    }
    const piece = document.getElementById("piece");
    prepareZoom(piece);
    prepareSwipe(piece);
    prepareFilm(piece.querySelector("video"));
    prepareCompare();
    prepareSeries(piece);
    prepareCopy();
    const follow = (selector) => () => {
      const link = document.querySelector(selector);
      if (link) location.href = link.href;
    };
    keys.ArrowLeft = follow("nav.path a[rel~=prev]");
    keys.ArrowRight = follow("nav.path a[rel~=next]");
    keys.Home = follow("#series .strip li:first-child a");
    keys.End = follow("#series .strip li:last-child a");
    keys.Escape = follow("nav.path a[rel~=up]");
    keys.l = () => session.token && toggleLike(main.dataset.work);
    keepToSearch(main.dataset.work);
  }

  /** Previous and next lead through what was found, where the work was opened from there. */
  async function keepToSearch(id) {
    const hash = new URLSearchParams(location.hash.slice(1)).get("find");
    const search = hash === null ? null : searchIn(hash);
    if (!search) return;
    const matching = select(await loadWorks(), search);
    const place = matching.findIndex((work) => work.id === id);
    const nav = document.querySelector("nav.path");
    const ends = nav.querySelectorAll(".steps > *");
    if (place < 0 || ends.length < 2) return;
    const turn = (old, work, rel, label) => old.replaceWith(work
      ? make("a", { rel, href: `${root}${work.page}${inSearch(search)}` }, label)
      : make("span", { class: "ended" }, label));
    turn(ends[0], matching[place - 1], "prev", "Previous");
    turn(ends[1], matching[place + 1], "next", "Next");
    const up = nav.querySelector("a[rel~=up]");
    if (up) up.href = `${root}index.html${hashOf({ ...search, at: id })}`;
  }

  function prepareFilm(film) {
    if (!film) return;
    let byHand = false;
    let ours = false;
    film.addEventListener("pause", () => {
      byHand ||= !ours && !film.ended;
      ours = false;
    });
    new IntersectionObserver(([{ isIntersecting }]) => {
      if (isIntersecting && mayPlay() && !byHand) film.play().catch(() => {});
      if (!isIntersecting && !film.paused) {
        ours = true;
        film.pause();
      }
    }, { threshold: 0.25 }).observe(film);
  }

  function prepareSwipe(piece) {
    let start = null;
    piece.addEventListener("touchstart", (event) => {
      const zoomed = (window.visualViewport?.scale ?? 1) > 1.01;
      start = event.touches.length === 1 && !zoomed && event.target.localName !== "video" ? event.touches[0] : null;
    }, { passive: true });
    piece.addEventListener("touchend", (event) => {
      if (!start || event.touches.length) return;
      const across = event.changedTouches[0].clientX - start.clientX;
      const along = event.changedTouches[0].clientY - start.clientY;
      start = null;
      if (Math.abs(across) < 60 || Math.abs(across) < 2 * Math.abs(along)) return;
      keys[across < 0 ? "ArrowRight" : "ArrowLeft"]();
    }, { passive: true });
  }

  /* Looking closely: one pixel of the work on one of the screen, and further */

  const MOST_SCREEN_PIXELS = 32;

  function prepareZoom(piece) {
    const link = piece.querySelector("a");
    const image = link?.querySelector("img");
    if (!image) return;
    const width = Number(piece.dataset.width);
    const height = Number(piece.dataset.height);
    let view = null;
    const open = () => {
      const other = piece.querySelector(".series-view:not([hidden])");
      if (other) {
        location.href = other.href;
        return;
      }
      view ??= zoomDialog(image, piece.dataset.full, width, height);
      view.open();
    };
    link.addEventListener("click", (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
      event.preventDefault();
      open();
    });
    link.title = "Look closely";
    keys.z = open;
  }

  function zoomDialog(image, address, width, height) {
    const shown = make("img", { alt: "", draggable: "false", width, height });
    const stage = make("div", { class: "zoom-stage", tabindex: "0", role: "img", "aria-label": image.alt, autofocus: true }, shown);
    const level = make("output", { class: "zoom-level" });
    const dialog = make("dialog", { class: "zoom", "aria-label": "The work, closely" },
      stage,
      make("div", { class: "zoom-tools" },
        button("−", () => zoomBy(1 / 1.5), { "aria-label": "Smaller" }),
        level,
        button("+", () => zoomBy(1.5), { "aria-label": "Larger" }),
        button("Fit", () => fit()),
        button("1:1", () => zoomTo(1 / devicePixelRatio, centre()), { "aria-label": "Pixel by pixel" }),
        button("Close", () => dialog.close())));
    let scale = 1;
    let left = 0;
    let top = 0;

    const box = () => stage.getBoundingClientRect();
    const centre = () => ({ x: box().width / 2, y: box().height / 2 });
    const fitting = () => Math.min(1, box().width / width, box().height / height);

    function place() {
      const { width: across, height: along } = box();
      const held = (start, size, room) => (size <= room ? (room - size) / 2 : Math.min(0, Math.max(room - size, start)));
      left = held(left, width * scale, across);
      top = held(top, height * scale, along);
      shown.style.transform = `translate(${left}px, ${top}px) scale(${scale})`;
      shown.classList.toggle("pixels", scale * devicePixelRatio >= 2);
      level.textContent = `${Math.round(scale * devicePixelRatio * 100)} %`;
    }

    function zoomTo(wanted, point) {
      const next = Math.min(MOST_SCREEN_PIXELS / devicePixelRatio, Math.max(fitting(), wanted));
      left = point.x - (point.x - left) * (next / scale);
      top = point.y - (point.y - top) * (next / scale);
      scale = next;
      place();
    }

    const zoomBy = (factor, point = centre()) => zoomTo(scale * factor, point);

    function fit() {
      scale = fitting();
      place();
    }

    function toggle(point) {
      const fitted = fitting();
      const pixels = 1 / devicePixelRatio;
      if (scale > fitted * 1.01) fit();
      else zoomTo(pixels > fitted * 1.01 ? pixels : fitted * 4, point);
    }

    const inStage = (event) => ({ x: event.clientX - box().left, y: event.clientY - box().top });
    const pointers = new Map();

    stage.addEventListener("wheel", (event) => {
      event.preventDefault();
      const lines = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 16 : 1;
      zoomBy(Math.exp(-event.deltaY * lines * (event.ctrlKey ? 0.01 : 0.002)), inStage(event));
    }, { passive: false });
    stage.addEventListener("pointerdown", (event) => {
      stage.setPointerCapture(event.pointerId);
      pointers.set(event.pointerId, inStage(event));
    });
    stage.addEventListener("pointermove", (event) => {
      const before = pointers.get(event.pointerId);
      if (!before) return;
      const now = inStage(event);
      const other = [...pointers].find(([id]) => id !== event.pointerId)?.[1];
      pointers.set(event.pointerId, now);
      if (other) {
        const spread = (point) => Math.hypot(point.x - other.x, point.y - other.y) || 1;
        zoomBy(spread(now) / spread(before), { x: (now.x + other.x) / 2, y: (now.y + other.y) / 2 });
      } else {
        left += now.x - before.x;
        top += now.y - before.y;
        place();
      }
    });
    for (const name of ["pointerup", "pointercancel"]) {
      stage.addEventListener(name, (event) => pointers.delete(event.pointerId));
    }
    stage.addEventListener("dblclick", (event) => toggle(inStage(event)));

    const pan = (x, y) => () => {
      left += x;
      top += y;
      place();
    };
    const moves = {
      "+": () => zoomBy(1.5), "=": () => zoomBy(1.5), "-": () => zoomBy(1 / 1.5), 0: fit,
      1: () => zoomTo(1 / devicePixelRatio, centre()),
      ArrowLeft: pan(80, 0), ArrowRight: pan(-80, 0), ArrowUp: pan(0, 80), ArrowDown: pan(0, -80),
    };
    dialog.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey || !(event.key in moves)) return;
      event.preventDefault();
      moves[event.key]();
    });
    new ResizeObserver(() => dialog.open && zoomTo(scale, centre())).observe(stage);
    document.body.append(dialog);

    /** The small picture at once, the full one as soon as it is there. */
    function load() {
      shown.src = image.currentSrc || image.src;
      if (!address || /\.(tiff?|pdf)$/i.test(address)) return;
      const full = new Image();
      full.src = address;
      full.decode().then(() => { shown.src = full.src; }, () => {});
    }

    return {
      open() {
        if (!shown.src) load();
        dialog.showModal();
        fit();
      },
    };
  }

  /* Two stages of a work, one laid over the other up to a line */

  function prepareCompare() {
    const home = document.getElementById("compare");
    const stages = [...document.querySelectorAll("#stages [data-stage]")].map((item) => ({
      stage: item.dataset.stage,
      name: item.querySelector("figcaption").textContent.trim(),
      picture: item.querySelector("picture, img"),
    }));
    if (!home || stages.length < 2) return;
    const left = stages.find(({ stage }) => stage === "source") ?? stages[0];
    const right = stages.find(({ stage }) => stage === "result") ?? stages[stages.length - 1];
    const chooser = (label, chosen) => make("select", { "aria-label": label, onchange: () => lay() },
      ...stages.map(({ name }, index) => make("option", { value: index, selected: stages[index] === chosen }, name)));
    const choices = [chooser("Left of the line", left), chooser("Right of the line", right)];
    const slider = make("input", {
      type: "range", min: 0, max: 100, step: 0.5, value: 50, "aria-label": "Where the line stands", oninput: () => move(),
    });
    const under = make("div", { class: "layer", "aria-hidden": "true" });
    const over = make("div", { class: "layer over", "aria-hidden": "true" });
    const frame = make("div", { class: "compare-frame" }, under, over, make("span", { class: "line" }), slider);
    home.append(frame, make("div", { class: "compare-choices" }, ...choices));
    const image = stages[0].picture.querySelector("img") ?? stages[0].picture;
    home.style.setProperty("--ratio", image.getAttribute("width") / image.getAttribute("height"));

    function lay() {
      const [first, second] = choices.map((choice) => stages[choice.value]);
      for (const [layer, { picture }] of [[over, first], [under, second]]) {
        const copy = picture.cloneNode(true);
        const shown = copy.localName === "img" ? copy : copy.querySelector("img");
        shown.alt = "";
        shown.loading = "eager";
        for (const each of [shown, ...copy.querySelectorAll("source")]) each.sizes = "min(100vw, 72rem)";
        layer.replaceChildren(copy);
      }
      move();
    }

    function move() {
      const [first, second] = choices.map((choice) => stages[choice.value].name);
      home.style.setProperty("--at", `${slider.value}%`);
      slider.setAttribute("aria-valuetext", `${Math.round(slider.value)} % ${first}, ${Math.round(100 - slider.value)} % ${second}`);
    }

    lay();
    home.hidden = false;
    document.getElementById("stages").classList.add("compared");
  }

  /* A series: a slider under the work shows the others in its place */

  function prepareSeries(piece) {
    const section = document.getElementById("series");
    const home = document.getElementById("series-slider");
    const links = [...(section?.querySelectorAll(".strip a[data-view]") ?? [])];
    const here = links.findIndex((link) => link.hasAttribute("aria-current"));
    if (!home || here < 0 || links.length < 3) return;
    const setting = section.dataset.setting;
    const nameOf = (link) => (setting && link.dataset.value) || link.title;
    const image = make("img", { alt: "", decoding: "async" });
    const view = make("a", { class: "series-view", tabindex: "-1", "aria-hidden": "true", hidden: true }, image);
    const slider = make("input", {
      type: "range", id: "series-value", min: 0, max: links.length - 1, step: 1, value: here, oninput: () => turn(),
    });
    const label = make("label", { for: slider.id }, setting ? setting.replaceAll("_", " ") : "The series");
    const name = make("output", { for: slider.id });
    const ahead = () => {
      for (const link of links) new Image().src = link.dataset.view;
    };
    for (const event of ["pointerenter", "focus"]) slider.addEventListener(event, ahead, { once: true });
    piece.append(view);
    piece.after(home);
    home.append(label, slider, name);

    function turn() {
      const link = links[slider.value];
      const isHere = link === links[here];
      if (!isHere) image.src = link.dataset.view;
      view.hidden = isHere;
      view.href = link.href;
      name.replaceChildren(isHere ? nameOf(link) : make("a", { href: link.href }, nameOf(link)));
      slider.setAttribute("aria-valuetext", nameOf(link));
      for (const each of links) each.classList.toggle("shown", each === link && !isHere);
    }

    turn();
    home.hidden = false;
  }

  /* The recipe, to be taken along */

  function prepareCopy() {
    const home = document.getElementById("recipe-tools");
    const recipe = document.querySelector("#recipe code");
    if (!home || !recipe) return;
    const copy = button("Copy", async () => {
      const done = await copied(recipe.textContent);
      copy.textContent = done ? "Copied" : "Press Ctrl+C";
      announce(done ? "The recipe is copied" : "The recipe is marked: copy it with Ctrl+C");
      setTimeout(() => { copy.textContent = "Copy"; }, 2000);
    });
    home.append(" ", copy);

    async function copied(text) {
      try {
        await navigator.clipboard.writeText(text);
        return true;
      } catch {
        getSelection().selectAllChildren(recipe); // where the clipboard is shut, what is marked can be taken by hand
        return false;
      }
    }
  }

  /* Likes: only where `artforge gallery serve` has put its token into the page */

  const session = {
    token: document.querySelector("meta[name=artforge-token]")?.content ?? "",
    build: null,
    liked: new Set(),
  };

  function ask(address, options = {}) {
    return fetch(`/-/${address}`, { ...options, headers: { "X-Artforge-Token": session.token, ...options.headers } });
  }

  function likeButton(id) {
    return button("Like", () => toggleLike(id), { class: "button like", "data-like": id, "aria-pressed": "false" });
  }

  function markLiked(cards) {
    for (const card of cards) card.classList.toggle("liked", session.liked.has(card.dataset.work));
  }

  function tellLikes() {
    markLiked(document.querySelectorAll(".card"));
    for (const each of document.querySelectorAll("[data-like]")) {
      const isLiked = session.liked.has(each.dataset.like);
      each.setAttribute("aria-pressed", String(isLiked));
      each.textContent = isLiked ? "Liked" : "Like";
    }
  }

  async function toggleLike(id) {
    const like = !session.liked.has(id);
    try {
      const answer = await ask("like", {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ work: id, liked: like }),
      });
      const told = await answer.json();
      session.liked = new Set(told.liked ?? session.liked);
      notice(told.message);
    } catch {
      notice("The server that keeps likes does not answer.");
    }
    tellLikes();
    dispatchEvent(new Event("likes"));
  }

  function notice(text) {
    document.querySelector(".notice")?.remove();
    const shown = make("p", { class: "notice", role: "status" });
    document.body.append(shown);
    shown.textContent = text;
    setTimeout(() => shown.remove(), 6000);
  }

  async function look() {
    if (!document.hidden) {
      try {
        const { build, liked } = await (await ask("state")).json();
        if (session.build !== null && build !== session.build && !document.querySelector("dialog[open]")) {
          location.reload();
          return;
        }
        session.build ??= build;
        if (liked.join() !== [...session.liked].sort().join()) {
          session.liked = new Set(liked);
          tellLikes();
          dispatchEvent(new Event("likes"));
        }
      } catch {
        /* the server has ended: the page stays as it is, and asks again in case it comes back */
      }
    }
    setTimeout(look, 1000);
  }

  /* Keys and help */

  const keys = {
    "?": () => openHelp(),
    d: toggleTheme,
  };

  const HELP = {
    wall: [
      ["← → ↑ ↓", "from work to work"], ["Home End", "first and last work of the page"], ["Enter", "open the work"],
      ["/", "search"], ["Esc", "clear the search"],
    ],
    work: [
      ["← →", "previous and next work"], ["Home End", "first and last of the series"], ["Z", "look closely"],
      ["+ − 0 1", "there: larger, smaller, whole, pixel by pixel"], ["Esc", "back to the wall"],
    ],
  };

  let help = null;

  function openHelp() {
    help ??= makeHelp();
    help.showModal();
  }

  function makeHelp() {
    const told = [...HELP[isWall ? "wall" : "work"], ["D", "light or dark"], ["?", "this list"]];
    if (session.token) told.push(["L", "like, and keep the recipe"]);
    const dialog = make("dialog", { class: "help", "aria-labelledby": "help-title" },
      make("h2", { id: "help-title" }, "Keys"),
      make("dl", {}, ...told.map(([names, what]) => make("div", {},
        make("dt", {}, ...names.split(" ").flatMap((name) => [make("kbd", {}, name), " "])), make("dd", {}, what)))),
      button("Close", () => dialog.close(), { autofocus: true }));
    dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
    document.body.append(dialog);
    return dialog;
  }

  function commonControls() {
    const themes = button("", toggleTheme, { "data-themes": true });
    return [themes, button("?", openHelp, { "aria-label": "Keys", "aria-haspopup": "dialog" })];
  }

  const TAKES_TEXT = "input:not([type=range], [type=checkbox]), textarea, select, [contenteditable]";
  const TAKES_ARROWS = "input[type=range], video, pre";
  const ARROWS = new Set(["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "Home", "End"]);

  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (document.querySelector("dialog[open]")) return;
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    const target = event.target instanceof Element ? event.target : html;
    if (target.matches(TAKES_TEXT) && key !== "Escape") return;
    if (target.matches(TAKES_ARROWS) && ARROWS.has(key)) return;
    if (Object.hasOwn(keys, key) && keys[key]() !== false) event.preventDefault();
  });

  html.classList.add("scripted");
  if (isWall) prepareWall();
  else if (html.dataset.page === "work") prepareWork();
  tellTheme();
  if (session.token) look();
})();
