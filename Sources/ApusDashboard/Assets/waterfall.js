// Long timelines: only the rows near the window are in the page, and further ones are asked for as they come near.
import { added, eachPart, page, within } from "./page.js"

const rowHeight = 24
const chunkSize = 200

/** Fills a chunk with its rows when it comes near, and empties it when it is far. */
class Chunk {
  constructor(source, from, count) {
    this.source = source
    this.from = from
    this.holder = document.createElement("li")
    this.holder.className = "step chunk"
    this.holder.style.minHeight = `${count * rowHeight}px`
    this.holder.dataset.from = from
    this.holder.setAttribute("aria-label", `Steps ${from + 1} to ${from + count}`)
    this.count = count
  }

  async near() {
    if (this.asking || this.holder.firstChild) return
    this.asking = new AbortController()
    try {
      const rows = await fetchRows(this.source, this.from, this.count, this.asking.signal)
      const list = document.createElement("ol")
      list.append(...rows)
      this.holder.replaceChildren(list)
      added(list)
    } catch (error) {
      if (error.name !== "AbortError") console.warn(`Steps from ${this.from} could not be read: ${error.message}`)
    }
    this.asking = undefined
  }

  far() {
    this.asking?.abort()
    if (this.holder.contains(document.activeElement)) return
    this.holder.replaceChildren()
  }
}

async function fetchRows(source, from, count, signal) {
  const url = new URL(source, location.href)
  url.searchParams.set("row", from)
  url.searchParams.set("count", count)
  const rows = (await page(url, signal)).querySelectorAll("li.step")
  return [...rows].map((row) => document.adoptNode(row))
}

function enhance(root) {
  for (const waterfall of within(root, "[data-waterfall][data-source]")) {
    const [total, first, shown] = ["total", "first", "shown"].map((name) => Number(waterfall.dataset[name]))
    const list = waterfall.querySelector(".lanes ol")
    const chunks = new Map()
    const watcher = new IntersectionObserver((entries) => {
      for (const { target, isIntersecting } of entries) {
        const chunk = chunks.get(target)
        if (isIntersecting) void chunk.near()
        else chunk.far()
      }
    }, { rootMargin: "1200px" })
    const fill = (from, until, put) => {
      for (; from < until; from += chunkSize) {
        const chunk = new Chunk(waterfall.dataset.source, from, Math.min(chunkSize, until - from))
        put(chunk.holder)
        chunks.set(chunk.holder, chunk)
      }
    }
    const here = list.firstElementChild
    fill(0, first, (holder) => here.before(holder))
    fill(first + shown, total, (holder) => list.append(holder))
    // What the URL asks for stays in sight.
    if (first > 0) (list.querySelector("[data-selected]") ?? here).scrollIntoView({ block: "center" })
    for (const holder of chunks.keys()) watcher.observe(holder)
    for (const link of waterfall.querySelectorAll(".more")) link.remove()
    delete waterfall.dataset.source
    waterfall.dataset.whole = ""
  }
}

// The drawing of all steps leads to the row, without another page.
document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-row]")
  const waterfall = link?.closest("[data-waterfall][data-whole]")
  if (!waterfall || event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey) return
  event.preventDefault()
  const row = Number(link.dataset.row)
  const exact = waterfall.querySelector(`#step-${row + 1}`)
  const chunks = [...waterfall.querySelectorAll(".chunk")]
  const chunk = chunks.filter((holder) => Number(holder.dataset.from) <= row).at(-1)
  if (exact || !chunk) return exact?.scrollIntoView({ block: "center" })
  const offset = (row - Number(chunk.dataset.from)) * rowHeight
  scrollBy({ top: chunk.getBoundingClientRect().top + offset - innerHeight / 2 })
})

// Up and down walk the steps of the timeline that has the focus.
document.addEventListener("keydown", (event) => {
  if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return
  const here = document.activeElement?.closest("a[data-step]")
  if (!here) return
  event.preventDefault()
  const all = [...here.closest(".lanes").querySelectorAll("a[data-step]")]
  const next = all[all.indexOf(here) + (event.key === "ArrowDown" ? 1 : -1)]
  next?.focus({ preventScroll: true })
  next?.scrollIntoView({ block: "nearest" })
})
eachPart(enhance)
