// Forms: actions in dialogs, confirmation by typing, the event that is being written, and copying.
import { copy, eachPart, isTyping, within } from "./page.js"

// MARK: - Actions

/** Shows an action's form in a dialog; without this, it unfolds in its place. */
function ask(action) {
  const dialog = document.createElement("dialog")
  const body = action.querySelector(".action-body")
  dialog.setAttribute("aria-label", body.querySelector("h2").textContent)
  dialog.append(body)
  document.body.append(dialog)
  dialog.addEventListener("close", () => {
    action.append(body)
    dialog.remove()
  })
  dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close() })
  dialog.showModal()
}

document.addEventListener("click", (event) => {
  const summary = event.target.closest(".action > summary")
  if (summary) {
    event.preventDefault()
    return ask(summary.parentElement)
  }
  if (event.target.closest("[data-close]:not(aside)")) return event.target.closest("dialog")?.close()
  const source = event.target.closest("button[data-copy]")
  if (source) return void copy(source.dataset.copy, source)
  const link = event.target.closest("a[data-copy-link], a[data-copy-text]")
  if (!link || event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey) return
  event.preventDefault()
  if (link.matches("[data-copy-link]")) void copy(link.href, link)
  else void copyText(link)
})

/** Copies what is behind a link; without this, the link shows it. */
async function copyText(link) {
  try {
    const answer = await fetch(link.href)
    if (!answer.ok) throw new Error(String(answer.status))
    await copy(await answer.text(), link)
  } catch {
    location.assign(link.href)
  }
}

function enhance(root) {
  for (const button of within(root, "button[data-close]")) button.hidden = false
  for (const button of within(root, ".cli button")) button.dataset.ready = ""
  for (const input of within(root, "input[data-confirm]")) {
    const button = input.form.querySelector("button:not([type=button])")
    const check = () => { button.disabled = input.value.trim() !== input.dataset.confirm }
    input.addEventListener("input", check)
    check()
  }
  for (const text of within(root, "textarea[data-json]")) {
    const check = () => text.setCustomValidity(problem(text.value))
    text.addEventListener("input", check)
    check()
  }
  for (const form of within(root, "form[data-send]")) remember(form)
}

/** What is wrong with a text as JSON; nothing is wrong with no text. */
function problem(text) {
  if (text.trim() === "") return ""
  try {
    JSON.parse(text)
    return ""
  } catch (error) {
    return `This is no JSON: ${error.message}`
  }
}

// MARK: - Filters

// What is empty does not belong into the URL.
document.addEventListener("submit", (event) => {
  if (!event.target.matches("[data-filters]")) return
  const empty = [...event.target.elements].filter((field) => field.name && field.value === "")
  for (const field of empty) field.disabled = true
  setTimeout(() => { for (const field of empty) field.disabled = false })
})
document.addEventListener("change", (event) => {
  const form = event.target.closest("[data-filters]")
  if (form && !isTyping(event.target)) form.requestSubmit()
  else if (form && event.target.matches("select")) form.requestSubmit()
})

// MARK: - Sending an event

const kept = "apus.event"

function remember(form) {
  const fields = [...form.elements].filter((field) => field.name)
  // What the server filled in, for sending again, goes before what was written last.
  if (!new URL(location.href).searchParams.has("like")) recall(fields)
  const says = form.querySelector(".says")
  form.addEventListener("input", () => {
    store(Object.fromEntries(fields.map((field) => [field.name, field.value])))
    says.textContent = problem(form.elements.data.value)
  })
  const curl = form.querySelector("[data-curl]")
  const forget = form.querySelector("[data-forget]")
  curl.hidden = forget.hidden = false
  curl.addEventListener("click", () => void copy(command(form), curl))
  forget.addEventListener("click", () => {
    store(undefined)
    location.assign(location.pathname)
  })
}

function recall(fields) {
  try {
    const values = JSON.parse(localStorage.getItem(kept) ?? "{}")
    for (const field of fields) if (typeof values[field.name] === "string") field.value = values[field.name]
  } catch { /* What cannot be read is not there. */ }
}

function store(values) {
  try {
    if (values) localStorage.setItem(kept, JSON.stringify(values))
    else localStorage.removeItem(kept)
  } catch { /* The browser keeps nothing; the form works all the same. */ }
}

/** The request as a line for a shell. Data stays the text that was typed: large numbers lose no digits. */
function command(form) {
  const { name, data, id, ts } = form.elements
  const members = [`"name":${JSON.stringify(name.value)}`]
  members.push(`"data":${data.value.trim() || "{}"}`)
  if (id.value) members.push(`"id":${JSON.stringify(id.value)}`)
  if (ts.value) members.push(`"ts":${/^\d+$/.test(ts.value) ? ts.value : Date.parse(ts.value)}`)
  const body = `{${members.join(",")}}`.replaceAll("'", `'\\''`)
  return `curl ${form.dataset.url} -d '${body}'`
}

eachPart(enhance)
