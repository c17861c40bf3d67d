// Asks for this page again every few seconds and changes in it only what is new: scroll, focus, selection and what is unfolded stay.
const PAUSE = 4000; // milliseconds
const LONGEST_WAIT = 10000;
const region = document.getElementById("now");
const xsrf = document.currentScript.dataset.xsrf;
const trouble = document.getElementById("trouble");

function renew(old, fresh) {
  if (old.isEqualNode(fresh)) return;
  if (old.nodeType !== fresh.nodeType || old.nodeName !== fresh.nodeName || old.id !== fresh.id) {
    old.replaceWith(fresh);
    return;
  }
  if (old.nodeType !== Node.ELEMENT_NODE) {
    old.nodeValue = fresh.nodeValue;
    return;
  }
  for (const name of new Set([...old.getAttributeNames(), ...fresh.getAttributeNames()])) {
    if (name === "open") continue; // what the reader has unfolded
    if (!fresh.hasAttribute(name)) old.removeAttribute(name);
    else if (old.getAttribute(name) !== fresh.getAttribute(name)) old.setAttribute(name, fresh.getAttribute(name));
  }
  const before = [...old.childNodes];
  const after = [...fresh.childNodes];
  before.slice(after.length).forEach((node) => node.remove());
  after.forEach((node, i) => (i < before.length ? renew(before[i], node) : old.append(node)));
}

async function look() {
  try {
    const answer = await fetch(location.href, {
      cache: "no-store",
      redirect: "manual",
      headers: { "X-XSRFToken": xsrf }, // the hub asks for it of all but a page that is opened
      signal: AbortSignal.timeout(LONGEST_WAIT),
    });
    // the pages were restarted, or nobody is logged in any more: opening the page logs in again, or asks to
    if (answer.type === "opaqueredirect" || answer.status === 403) return location.reload();
    if (!answer.ok) throw new Error(answer.status);
    renew(region, new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("now"));
    trouble.hidden = true;
  } catch {
    trouble.hidden = false;
  }
}

async function go() {
  if (!document.hidden) await look();
  setTimeout(go, PAUSE);
}

document.addEventListener("visibilitychange", () => document.hidden || look());
setTimeout(go, PAUSE);
