// Dragging over a histogram sets the list's from and until.
import { eachPart, within } from "./page.js"

const svg = "http://www.w3.org/2000/svg"

function enhance(root) {
  for (const figure of within(root, "[data-histogram]")) {
    if (figure.dataset.ready) continue
    figure.dataset.ready = "true"
    listen(figure, figure.querySelector("svg"))
  }
}

function listen(figure, chart) {
  let start
  let chosen

  const place = (event) => {
    const box = chart.getBoundingClientRect()
    return Math.min(Math.max((event.clientX - box.left) / box.width, 0), 1)
  }

  chart.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return
    start = place(event)
    chart.setPointerCapture(event.pointerId)
    chosen = document.createElementNS(svg, "rect")
    chosen.setAttribute("class", "chosen")
    chosen.setAttribute("height", "56")
    chart.append(chosen)
  })
  chart.addEventListener("pointermove", (event) => {
    if (start === undefined) return
    const end = place(event)
    chosen.setAttribute("x", String(Math.min(start, end) * 1000))
    chosen.setAttribute("width", String(Math.abs(end - start) * 1000))
  })
  const stop = () => {
    chosen?.remove()
    start = undefined
  }
  chart.addEventListener("pointercancel", stop)
  chart.addEventListener("pointerup", (event) => {
    if (start === undefined) return
    let [from, until] = [start, place(event)].sort((a, b) => a - b)
    // A click takes the bar under it.
    if ((until - from) * chart.getBoundingClientRect().width < 4) [from, until] = bar(chart, from)
    stop()
    go(figure, from, until)
  })
}

function bar(chart, at) {
  const hits = [...chart.querySelectorAll(".hit")].map((hit) => {
    const x = Number(hit.getAttribute("x")) / 1000
    return [x, x + Number(hit.getAttribute("width")) / 1000]
  })
  return hits.find(([from, until]) => from <= at && at < until) ?? [at, at]
}

function go(figure, from, until) {
  const first = Number(figure.dataset.from)
  const length = Number(figure.dataset.until) - first
  const time = (share) => new Date(Math.round(first + share * length)).toISOString()
  if (until <= from) return
  const list = document.querySelector("[data-filters]")
  const url = new URL(list ? list.action : `${document.body.dataset.base}/runs`, location.href)
  if (list) url.search = location.search
  url.searchParams.set("from", time(from))
  url.searchParams.set("until", time(until))
  for (const name of ["before", "panel"]) url.searchParams.delete(name)
  location.assign(url)
}

eachPart(enhance)
