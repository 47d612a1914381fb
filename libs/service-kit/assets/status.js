// Keeps the status page up to date: the service sends the elements that have changed, and what differs in them is changed in place.
const live = document.getElementById("live");
const pause = document.getElementById("pause");
/** The service sends something every five seconds at least. */
const silentMs = 15_000;
const retryMs = 5_000;

let stream;
let heardAt = Date.now();
let isPaused = false;

function say(tone, text) {
  live.className = `tone ${tone}`;
  if (live.textContent !== text) live.textContent = text;
}

function patchAttributes(element, wanted) {
  for (const { name } of [...element.attributes]) if (!wanted.hasAttribute(name)) element.removeAttribute(name);
  for (const { name, value } of wanted.attributes) {
    if (element.getAttribute(name) !== value) element.setAttribute(name, value);
  }
}

/** Makes a node like another and changes nothing of it that is so already: focus, selection and scrolling stay. */
function patch(node, wanted) {
  if (node.isEqualNode(wanted)) return;
  if (node.nodeName !== wanted.nodeName) {
    node.replaceWith(wanted);
    return;
  }
  if (node.nodeType === Node.TEXT_NODE) {
    node.data = wanted.data;
    return;
  }
  patchAttributes(node, wanted);
  const wantedChildren = [...wanted.childNodes];
  const children = [...node.childNodes];
  for (const child of children.splice(wantedChildren.length)) child.remove();
  for (const [index, child] of wantedChildren.entries()) {
    if (index < children.length) patch(children[index], child);
    else node.append(child);
  }
}

function show({ title, parts }) {
  document.title = title;
  for (const [id, html] of Object.entries(parts)) {
    const element = document.getElementById(id);
    const template = document.createElement("template");
    template.innerHTML = html;
    if (element === null)
      location.reload(); // another version of the service
    else patch(element, template.content.firstElementChild);
  }
}

function lost() {
  say("bad", `not updated: no answer since ${new Date(heardAt).toISOString().slice(11, 19)}`);
}

function listen() {
  stream?.close();
  const opened = new EventSource("/status/events");
  stream = opened;
  opened.onmessage = ({ data }) => {
    heardAt = Date.now();
    say("good", "updated live");
    show(JSON.parse(data));
  };
  opened.onerror = () => {
    lost();
    // Refused, and the browser does not try again by itself.
    if (opened.readyState === EventSource.CLOSED) setTimeout(() => opened === stream && listen(), retryMs);
  };
}

setInterval(() => {
  if (isPaused || Date.now() - heardAt < silentMs) return;
  lost();
  if (stream.readyState === EventSource.OPEN) listen();
}, 1_000);

pause.addEventListener("click", () => {
  isPaused = !isPaused;
  pause.textContent = isPaused ? "Resume" : "Pause";
  if (isPaused) {
    stream.close();
    stream = undefined;
    say("quiet", `paused at ${new Date().toISOString().slice(11, 19)}`);
  } else {
    heardAt = Date.now();
    listen();
  }
});

pause.hidden = false;
listen();
