// Long timelines: only the rows near the window are in the page, and further ones are asked for as they come near.
import { added, eachPart, page, within } from "./page.js"

const rowHeight = 24
const chunkSize = 200

/** Fills a chunk with its rows when it comes near, and empties it when it is far. */
class Chunk {
  constructor(source, from, count, list) {
    this.source = source
    this.from = from
    this.holder = document.createElement("li")
    this.holder.className = "step chunk"
    this.holder.style.height = `${count * rowHeight}px`
    this.holder.setAttribute("aria-label", `Steps ${from + 1} to ${from + count}`)
    list.append(this.holder)
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
  url.searchParams.set("from", from)
  url.searchParams.set("count", count)
  const rows = (await page(url, signal)).querySelectorAll("li.step")
  return [...rows].map((row) => document.adoptNode(row))
}

function enhance(root) {
  for (const waterfall of within(root, "[data-waterfall][data-source]")) {
    const total = Number(waterfall.dataset.total)
    const shown = Number(waterfall.dataset.shown)
    if (!(total > shown)) continue
    const list = waterfall.querySelector(".lanes ol")
    const chunks = new Map()
    const watcher = new IntersectionObserver((entries) => {
      for (const { target, isIntersecting } of entries) {
        const chunk = chunks.get(target)
        if (isIntersecting) void chunk.near()
        else chunk.far()
      }
    }, { rootMargin: "1200px" })
    for (let from = shown; from < total; from += chunkSize) {
      const chunk = new Chunk(waterfall.dataset.source, from, Math.min(chunkSize, total - from), list)
      chunks.set(chunk.holder, chunk)
      watcher.observe(chunk.holder)
    }
    waterfall.querySelector(".more")?.remove()
    delete waterfall.dataset.source
  }
}

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
