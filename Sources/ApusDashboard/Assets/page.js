// What all modules share: the prefix of every URL, and a word for parts of the page that come later.

export const base = document.body.dataset.base

const watchers = []

/** Calls `enhance` for every part of the page, now and when one is put in later. */
export function eachPart(enhance) {
  watchers.push(enhance)
}

/** Says that a part of the page is new. */
export function added(root) {
  for (const enhance of watchers) enhance(root)
}

/** Elements of a part that match, the part itself among them. */
export function within(root, selector) {
  const found = [...root.querySelectorAll(selector)]
  return root instanceof Element && root.matches(selector) ? [root, ...found] : found
}

/** The element that a text of HTML describes. Only the server's own templates come here. */
export function element(html) {
  const template = document.createElement("template")
  template.innerHTML = html.trim()
  return template.content.firstElementChild
}

/** Another page of this server, parsed. */
export async function page(url, signal) {
  const answer = await fetch(url, { signal, headers: { accept: "text/html" } })
  if (!answer.ok) throw new Error(`${answer.status} ${answer.statusText}`)
  return new DOMParser().parseFromString(await answer.text(), "text/html")
}

/** Whether the reader types, so that letters are no commands. */
export function isTyping(target) {
  return target.matches?.("input:not([type=checkbox], [type=radio]), textarea, select") || target.isContentEditable
}

/** Says something short where a button or an id was. */
export function flashText(element, text) {
  if (element.dataset.was !== undefined) return
  element.dataset.was = element.textContent
  element.style.minWidth = `${element.offsetWidth}px`
  element.textContent = text
  setTimeout(() => {
    element.textContent = element.dataset.was
    delete element.dataset.was
  }, 1200)
}

export async function copy(text, from) {
  try {
    await navigator.clipboard.writeText(text)
    flashText(from, "Copied")
  } catch {
    flashText(from, "Not allowed")
  }
}
