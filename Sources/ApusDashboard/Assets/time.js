// Times: relative ones tick, absolute ones are in the reader's zone, with UTC one click away.
import { eachPart, within } from "./page.js"

const root = document.documentElement
let zone = root.dataset.zone === "utc" ? "UTC" : undefined
// The server's clock decides; the reader's may be wrong.
const now = document.querySelector("#fresh time")
const skew = now ? Date.parse(now.dateTime) - Date.now() : 0

const units = [["d", 86_400], ["h", 3_600], ["min", 60], ["s", 1]]

/** `3 s ago`, `in 2 h`. */
function relative(time) {
  const seconds = Math.round((time - skew - Date.now()) / 1000)
  const size = Math.abs(seconds)
  if (size < 1) return "now"
  const [unit, length] = units.find(([, length]) => size >= length)
  const text = `${Math.floor(size / length)} ${unit}`
  return seconds < 0 ? `${text} ago` : `in ${text}`
}

const pad = (number, digits = 2) => String(number).padStart(digits, "0")

function parts(time) {
  const format = new Intl.DateTimeFormat("en-GB", {
    timeZone: zone, hourCycle: "h23", year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit",
    minute: "2-digit", second: "2-digit", timeZoneName: "short",
  })
  return Object.fromEntries(format.formatToParts(time).map(({ type, value }) => [type, value]))
}

/** `2026-11-21 15:04:12.345 CET`, as precise as the server said. */
function full(time, iso) {
  const part = parts(time)
  const fraction = iso.includes(".") ? `.${pad(time % 1000, 3)}` : ""
  return `${part.year}-${part.month}-${part.day} ${part.hour}:${part.minute}:${part.second}${fraction} ${part.timeZoneName}`
}

function clock(time, was) {
  const part = parts(time)
  const fraction = was.match(/\.\d+$/) ? `.${pad(time % 1000, 3)}` : ""
  const seconds = was.length > 5 ? `:${part.second}${fraction}` : ""
  return `${part.hour}:${part.minute}${seconds}`
}

function set(element, text) {
  if (element.textContent !== text) element.textContent = text
}

/** Writes the times of a part in the chosen zone. */
function write(part) {
  for (const element of within(part, "time[data-time]")) {
    const time = Date.parse(element.dateTime)
    if (Number.isNaN(time)) continue
    switch (element.dataset.time) {
      case "ago":
        element.title = full(time, element.dateTime)
        set(element, relative(time))
        break
      case "clock":
        element.title = full(time, element.dateTime)
        set(element, clock(time, element.textContent))
        break
      default:
        element.title = relative(time)
        set(element, full(time, element.dateTime))
    }
  }
}

function tick() {
  for (const element of document.querySelectorAll('time[data-time="ago"]')) {
    set(element, relative(Date.parse(element.dateTime)))
  }
}

export function toggleZone() {
  zone = zone ? undefined : "UTC"
  const path = `${document.body.dataset.base}/`
  document.cookie = `apus-zone=${zone ? "utc" : "local"}; path=${path}; max-age=31536000; samesite=strict`
  write(document)
}

document.addEventListener("click", (event) => {
  if (event.target.closest('time[data-time="full"], .fresh time')) toggleZone()
})
eachPart(write)
setInterval(() => { if (!document.hidden) tick() }, 1000)
