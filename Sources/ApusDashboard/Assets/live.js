// Rows change in place as the server says so. New rows wait behind a pill while the reader is further down.
import { added, eachPart, element, isTyping, page, within } from "./page.js"

const fresh = document.getElementById("fresh")
// Rows that a list keeps while it grows at the top.
const most = 200
// Rows of a page that may have a further one.
const fullPage = 50
let held = []
let pill

// MARK: - Rows

/** Swaps elements so that the focus stays where it was. */
function swap(old, part) {
  const focused = old.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null
  old.replaceWith(part)
  if (focused) part.querySelector(`a[href="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true })
  added(part)
}

/** Puts an element in place of the one with its id; what the reader has unfolded stays so. */
function replace(old, part) {
  const open = new Set(within(old, "details[open]").map(unfolded))
  for (const details of within(part, "details")) {
    if (open.has(unfolded(details))) details.open = true
  }
  if (old.classList.contains("selected")) part.classList.add("selected")
  // What the reader types is worth more than news.
  if (old.contains(document.activeElement) && isTyping(document.activeElement)) return
  if (part.matches("tr, li")) part.classList.add("flash")
  swap(old, part)
}

function unfolded(details) {
  return details.querySelector("summary")?.textContent
}

function receive({ id, html }) {
  const part = element(html)
  if (!part) return
  const old = document.getElementById(id)
  if (old) return replace(old, part)
  const waiting = held.findIndex((row) => row.id === id)
  if (waiting >= 0) return void (held[waiting] = part)
  if (part.matches("li.step")) return document.querySelector(".lanes ol")?.append(part)
  if (!part.matches("tr")) return
  held.push(part)
  if (window.scrollY < 40 && !document.querySelector(".action[open]")) show()
  else announce()
}

/** Puts a row where it belongs: ids begin with the time, and the newest stand at the top. */
function place(row, body) {
  const older = [...body.rows].find((other) => other.dataset.id < row.dataset.id)
  if (older) older.before(row)
  // What is older than a full page belongs to a later one.
  else if (body.rows.length < fullPage) body.append(row)
}

/** Shows the rows that were held back. */
function show() {
  const body = document.querySelector("table[data-live] tbody")
  if (!body) {
    held = []
    // The first row of all takes the place of a text that says there is none.
    if (performance.now() > 5000) location.reload()
    return
  }
  for (const row of held) {
    row.classList.add("flash")
    place(row, body)
    added(row)
  }
  held = []
  while (body.rows.length > most) body.rows[body.rows.length - 1].remove()
  pill?.remove()
  pill = undefined
}

function announce() {
  if (!pill) {
    pill = document.createElement("button")
    pill.type = "button"
    pill.className = "pill"
    pill.addEventListener("click", () => {
      show()
      window.scrollTo({ top: 0 })
    })
    document.getElementById("content").prepend(pill)
  }
  pill.textContent = `${held.length} new`
}

/** After a gap that the server cannot fill, what streams changed is read anew. */
async function refill() {
  const other = await page(location.href)
  const changing = ["#run[data-stream]"]
  if (fresh.dataset.stream) changing.push("table[data-live] tbody", "#verdict", "#figures", "#count")
  held = []
  pill?.remove()
  pill = undefined
  for (const selector of changing) {
    const mine = document.querySelector(selector)
    const theirs = other.querySelector(selector.replace("[data-stream]", ""))
    if (mine && theirs) swap(mine, document.adoptNode(theirs))
  }
}

// MARK: - Streams

function say(state, text) {
  if (fresh.textContent === text) return
  fresh.className = `fresh ${state}`
  fresh.textContent = text
}

/** Follows a stream until `stop`; says how it stands when it is the page's own. */
function follow(url, isMain) {
  let source
  let timer
  let failures = 0

  function open() {
    source = new EventSource(url)
    source.addEventListener("open", () => {
      failures = 0
      if (isMain) say("live", "Live")
    })
    source.addEventListener("row", (event) => receive(JSON.parse(event.data)))
    source.addEventListener("reset", () => void refill())
    source.addEventListener("count", (event) => {
      const count = document.getElementById("count")
      if (count) count.textContent = JSON.parse(event.data).text
    })
    source.addEventListener("error", () => {
      source.close()
      const seconds = Math.min(2 ** failures++, 30)
      if (isMain) say("broken", `Stream broken; next try in ${seconds} s`)
      timer = setTimeout(() => {
        open()
        void refill().catch(() => {})
      }, seconds * 1000)
    })
  }

  open()
  return function stop() {
    source.close()
    clearTimeout(timer)
  }
}

const streams = new Map()

/** Follows what the page shows now, and nothing while nobody looks: browsers allow six connections a server. */
function settle() {
  const wanted = new Map()
  if (!document.hidden) {
    for (const part of document.querySelectorAll("[data-stream]")) wanted.set(part.dataset.stream, part === fresh)
  }
  for (const [url, stop] of streams) {
    if (!wanted.has(url)) {
      stop()
      streams.delete(url)
    }
  }
  for (const [url, isMain] of wanted) {
    if (!streams.has(url)) streams.set(url, follow(url, isMain || wanted.size === 1))
  }
  if (wanted.size === 0 && !document.hidden && fresh.matches(".live, .broken")) say("", "The run has ended")
}

document.addEventListener("visibilitychange", () => {
  settle()
  if (!document.hidden && document.querySelector("[data-stream]")) void refill().catch(() => {})
})
addEventListener("scroll", () => { if (held.length > 0 && window.scrollY < 40) show() }, { passive: true })
eachPart(settle)
