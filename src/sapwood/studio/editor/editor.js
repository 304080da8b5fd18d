// The SQL editor. Streamlit calls this for each run of the page; the field itself is set up once. What is in it is the user's:
// a run tells the text of the run before, so only another version replaces it.
const TOKEN = /(--[^\n]*|\/\*[\s\S]*?(?:\*\/|$))|('(?:[^'\\]|\\.|'')*(?:'|$)|\$\$[\s\S]*?(?:\$\$|$))|("(?:[^"]|"")*(?:"|$))|(\b\d+(?:\.\d+)?\b)|([A-Za-z_][\w$.]*)/g;
const WORD = /[A-Za-z_][\w$.]*$/;
const MOST = 8;

export default function (component) {
  const { data, parentElement } = component;
  const root = parentElement.querySelector(".editor");
  root.component = component;
  root.data = data;
  root.keywords = new Set(data.keywords);
  root.functions = new Set(data.functions);
  if (!root.isReady) {
    setUp(root);
    root.isReady = true;
  } else if (data.version !== root.version) {
    root.querySelector("textarea").value = root.given = data.text;
  }
  root.version = data.version;
  colour(root);
}

function setUp(root) {
  const field = root.querySelector("textarea");
  field.value = root.given = root.data.text;
  field.addEventListener("input", () => { colour(root); offer(root); });
  field.addEventListener("scroll", () => { root.querySelector("pre").scrollTop = field.scrollTop; });
  field.addEventListener("blur", () => { hide(root); keep(root); });
  field.addEventListener("keydown", (event) => press(root, event));
  new ResizeObserver(() => colour(root)).observe(field);
  for (const kind of ["run", "explain"]) {
    const button = root.querySelector("." + kind);
    button.addEventListener("mousedown", (event) => event.preventDefault());
    button.addEventListener("click", () => ask(root, kind));
  }
}

function keep(root) {
  const text = root.querySelector("textarea").value;
  if (text !== root.given) {
    root.given = text;
    root.component.setStateValue("text", text);
  }
}

function ask(root, kind) {
  const field = root.querySelector("textarea");
  const chosen = field.value.slice(field.selectionStart, field.selectionEnd).trim();
  hide(root);
  keep(root);
  if (chosen || field.value.trim()) root.component.setTriggerValue("asked", { kind, text: chosen || field.value });
}

function press(root, event) {
  const list = root.querySelector(".words");
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    ask(root, "run");
  } else if (!list.hidden && ["ArrowDown", "ArrowUp"].includes(event.key)) {
    event.preventDefault();
    move(list, event.key === "ArrowDown" ? 1 : -1);
  } else if (!list.hidden && ["Enter", "Tab"].includes(event.key)) {
    event.preventDefault();
    take(root, list.querySelector('[aria-selected="true"]').textContent);
  } else if (event.key === "Escape") {
    hide(root);
  }
}

function colour(root) {
  const field = root.querySelector("textarea");
  const pre = root.querySelector("pre");
  pre.replaceChildren();
  let end = 0;
  for (const found of field.value.matchAll(TOKEN)) {
    pre.append(field.value.slice(end, found.index));
    const kind = kindOf(root, found);
    const span = document.createElement("span");
    if (kind) span.className = kind;
    span.textContent = found[0];
    pre.append(span);
    end = found.index + found[0].length;
  }
  pre.append(field.value.slice(end) + "\n");
  pre.scrollTop = field.scrollTop;
}

function kindOf(root, [, comment, string, , number, word]) {
  if (comment) return "comment";
  if (string) return "string";
  if (number) return "number";
  if (!word) return "";
  const upper = word.toUpperCase();
  return root.keywords.has(upper) ? "keyword" : root.functions.has(upper) ? "function" : "";
}

function offer(root) {
  const field = root.querySelector("textarea");
  const found = WORD.exec(field.value.slice(0, field.selectionStart));
  const start = found ? found[0].toUpperCase() : "";
  const all = [...root.data.words, ...root.data.functions, ...root.data.keywords];
  const fitting = start.length < 2 ? [] : ranked(all.filter((word) => fits(word.toUpperCase(), start)), start).slice(0, MOST);
  if (!fitting.length || fitting[0].toUpperCase() === start) return hide(root);
  const list = root.querySelector(".words");
  list.replaceChildren(...fitting.map((word, index) => entry(root, word, index)));
  list.hidden = false;
  place(root, list, found[0].length);
}

function fits(word, start) {
  return word.startsWith(start) || word.split(".").pop().startsWith(start);
}

// Names that begin so before those that only end in it, short ones first.
function ranked(words, start) {
  const rank = (word) => (word.toUpperCase().startsWith(start) ? 0 : 1000) + word.length;
  return words.sort((one, other) => rank(one) - rank(other));
}

function entry(root, word, index) {
  const item = document.createElement("li");
  item.textContent = word;
  item.setAttribute("role", "option");
  item.setAttribute("aria-selected", String(index === 0));
  item.addEventListener("mousedown", (event) => { event.preventDefault(); take(root, word); });
  return item;
}

// The list stands below the line of the cursor: measured in a copy of the text up to it.
function place(root, list, length) {
  const field = root.querySelector("textarea");
  const mark = document.createElement("span");
  const copy = root.querySelector("pre").cloneNode();
  copy.style.visibility = "hidden";
  copy.textContent = field.value.slice(0, field.selectionStart - length);
  copy.append(mark);
  field.parentElement.append(copy);
  list.style.left = 0;
  const left = Math.min(mark.offsetLeft, field.clientWidth - list.offsetWidth - 4);
  list.style.left = Math.max(0, left) + "px";
  list.style.top = mark.offsetTop - field.scrollTop + 26 + "px";
  copy.remove();
}

function take(root, word) {
  const field = root.querySelector("textarea");
  const end = field.selectionStart;
  const found = WORD.exec(field.value.slice(0, end));
  field.setRangeText(word, end - found[0].length, end, "end");
  hide(root);
  colour(root);
}

function move(list, step) {
  const items = [...list.children];
  const at = items.findIndex((item) => item.getAttribute("aria-selected") === "true");
  const next = (at + step + items.length) % items.length;
  items.forEach((item, index) => item.setAttribute("aria-selected", String(index === next)));
  items[next].scrollIntoView({ block: "nearest" });
}

function hide(root) {
  root.querySelector(".words").hidden = true;
}
