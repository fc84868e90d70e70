// Payloads: copy, wrap, unfold, and load what was too large to show at once.
import { added, copy, eachPart, element, within } from "./page.js"

function button(text, act) {
  const made = document.createElement("button")
  made.type = "button"
  made.className = "quiet"
  made.textContent = text
  made.addEventListener("click", () => act(made))
  return made
}

function enhance(root) {
  for (const payload of within(root, "[data-payload]")) {
    const header = payload.querySelector("header")
    const raw = payload.querySelector(".raw pre")
    if (!raw || header.querySelector("button")) continue
    if (payload.querySelector(".json details")) {
      header.append(button("Unfold", (made) => unfold(payload, made)))
    }
    header.append(
      button("Wrap", (made) => made.setAttribute("aria-pressed", String(payload.classList.toggle("wrapped")))),
      button("Copy", (made) => void copy(raw.textContent, made)),
    )
  }
}

/** Unfolds all, or folds all but the outermost. */
function unfold(payload, made) {
  const all = [...payload.querySelectorAll(".json details")]
  const opens = all.some((details) => !details.open)
  for (const [at, details] of all.entries()) details.open = opens || at === 0
  made.textContent = opens ? "Fold" : "Unfold"
}

async function load(link) {
  const was = link.textContent
  link.textContent = "Loading …"
  try {
    const answer = await fetch(link.dataset.load, { headers: { accept: "text/html" } })
    if (!answer.ok) throw new Error(String(answer.status))
    const part = element(await answer.text())
    link.closest("[data-payload]").replaceWith(part)
    added(part)
  } catch (error) {
    link.textContent = `${was} (failed: ${error.message})`
  }
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-load]")
  if (!link || event.ctrlKey || event.metaKey || event.button !== 0) return
  event.preventDefault()
  void load(link)
})
eachPart(enhance)
