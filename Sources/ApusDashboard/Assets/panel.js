// A row opens beside its list, at a URL of its own; a step opens beside its timeline.
import { added, page } from "./page.js"

const wide = matchMedia("(min-width: 1101px)")
let loading

function isPlain(event) {
  return event.button === 0 && !event.ctrlKey && !event.metaKey && !event.shiftKey && !event.altKey
}

function mark() {
  const link = [...document.querySelectorAll("a.row[data-panel]")].find((row) => row.href && sameQuery(row.dataset.panel))
  for (const row of document.querySelectorAll("tr.selected")) row.classList.remove("selected")
  link?.closest("tr").classList.add("selected")
}

/** Whether a URL opens the same panel as the page's. */
function sameQuery(url) {
  const id = new URL(url, location.href).searchParams.get("panel")
  return id !== null && id === new URL(location.href).searchParams.get("panel")
}

/** Makes the page's panel that of the URL, which has been pushed already. */
async function show(url) {
  loading?.abort()
  loading = new AbortController()
  const desk = document.querySelector(".desk")
  try {
    const panel = (await page(url, loading.signal)).getElementById("panel")
    document.getElementById("panel")?.remove()
    if (panel) {
      desk.append(document.adoptNode(panel))
      panel.focus({ preventScroll: true })
    }
    mark()
    added(panel ?? document.body)
  } catch (error) {
    if (error.name !== "AbortError") location.assign(url)
  }
}

async function showStep(url) {
  const other = await page(url)
  for (const selector of [".run-split"]) {
    const mine = document.querySelector(selector)
    const theirs = other.querySelector(selector)
    if (!mine || !theirs) return location.assign(url)
    mine.replaceWith(document.adoptNode(theirs))
    added(theirs)
  }
  document.getElementById("step")?.focus({ preventScroll: true })
}

export function open(url) {
  history.pushState(null, "", url)
  void show(url)
}

export function close() {
  const panel = document.getElementById("panel")
  if (!panel) return false
  const selected = document.querySelector("tr.selected a.row")
  history.pushState(null, "", panel.dataset.close)
  panel.remove()
  mark()
  selected?.focus()
  added(document.body)
  return true
}

document.addEventListener("click", (event) => {
  if (!isPlain(event)) return
  const row = event.target.closest("a.row[data-panel]")
  if (row && wide.matches) {
    event.preventDefault()
    return open(row.dataset.panel)
  }
  if (event.target.closest("[data-panel-close]")) {
    event.preventDefault()
    return void close()
  }
  const step = event.target.closest("a[data-step], a[data-step-close]")
  if (step) {
    event.preventDefault()
    history.pushState(null, "", step.href)
    showStep(step.href).catch(() => location.assign(step.href))
  }
})
addEventListener("popstate", () => {
  if (document.querySelector(".run-split") && !document.getElementById("panel")) void showStep(location.href)
  else void show(location.href)
})
