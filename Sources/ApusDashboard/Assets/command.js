// The command bar: pages, the actions of this page, and what the server finds.
import { base } from "./page.js"

const dialog = document.getElementById("command")
const input = document.getElementById("command-input")
const list = document.getElementById("command-list")
const most = 12
let choices = []
let chosen = 0
let asking
let timer

export function openCommand() {
  if (dialog.open) return
  input.value = ""
  dialog.showModal()
  find()
}

/** What this page offers without asking the server. */
function near(text) {
  const pages = [...document.querySelectorAll("[data-go]")].map((link) => ({
    kind: "Page", text: link.firstChild.textContent.trim(), run: () => link.click(),
  }))
  const actions = [...document.querySelectorAll("main .action > summary, .panel .action > summary")].map((summary) => ({
    kind: "Action", text: summary.textContent.trim(), run: () => summary.click(),
  }))
  const send = { kind: "Action", text: "Send an event", run: () => location.assign(`${base}/events/send`) }
  return [...actions, send, ...pages].filter((choice) => choice.text.toLowerCase().includes(text.toLowerCase()))
}

function find() {
  const text = input.value.trim()
  show(near(text))
  clearTimeout(timer)
  asking?.abort()
  if (text.length > 1) timer = setTimeout(() => void ask(text), 120)
}

async function ask(text) {
  asking = new AbortController()
  try {
    const url = `${base}/find.json?q=${encodeURIComponent(text)}`
    const answer = await fetch(url, { signal: asking.signal })
    if (!answer.ok) return
    const found = (await answer.json()).map(({ kind, text, href }) => ({
      kind, text, run: () => location.assign(base + href),
    }))
    show([...found, ...near(text)])
  } catch (error) {
    if (error.name !== "AbortError") throw error
  }
}

function show(found) {
  choices = found.slice(0, most)
  chosen = 0
  list.replaceChildren(...choices.map(option))
  choose(0)
}

function option(choice, index) {
  const item = document.createElement("li")
  item.id = `command-${index}`
  item.setAttribute("role", "option")
  const kind = document.createElement("span")
  kind.textContent = choice.kind
  const text = document.createElement("span")
  text.textContent = choice.text
  item.append(kind, text)
  item.addEventListener("click", () => take(index))
  return item
}

function choose(index) {
  if (choices.length === 0) return input.removeAttribute("aria-activedescendant")
  chosen = (index + choices.length) % choices.length
  for (const [at, item] of [...list.children].entries()) item.setAttribute("aria-selected", String(at === chosen))
  list.children[chosen].scrollIntoView({ block: "nearest" })
  input.setAttribute("aria-activedescendant", `command-${chosen}`)
}

function take(index) {
  const choice = choices[index]
  dialog.close()
  choice?.run()
}

input.addEventListener("input", find)
input.addEventListener("keydown", (event) => {
  if (event.key === "ArrowDown") choose(chosen + 1)
  else if (event.key === "ArrowUp") choose(chosen - 1)
  else if (event.key === "Enter") take(chosen)
  else return
  event.preventDefault()
})
dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close() })
// Without scripts the field is a search of its own.
document.getElementById("find").addEventListener("pointerdown", (event) => {
  event.preventDefault()
  openCommand()
})
