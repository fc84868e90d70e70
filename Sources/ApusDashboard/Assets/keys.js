// The keyboard: j and k walk rows, g and a letter go to a page, ? lists the keys.
import { isTyping } from "./page.js"
import { close } from "./panel.js"
import { toggleZone } from "./time.js"
import { openCommand } from "./command.js"

let awaitsLetter = 0

function rows() {
  return [...document.querySelectorAll("main a.row, main a[data-step]")].filter((row) => row.offsetParent)
}

function move(by) {
  const all = rows()
  if (all.length === 0) return
  let at = all.indexOf(document.activeElement)
  if (at < 0) at = all.findIndex((row) => row.closest(".selected, [data-selected]"))
  const next = all[Math.min(Math.max(at + by, 0), all.length - 1)] ?? all[0]
  next.focus()
  next.scrollIntoView({ block: "nearest" })
}

function goTo(letter) {
  document.querySelector(`[data-go="${CSS.escape(letter)}"]`)?.click()
}

function escape(event) {
  if (document.querySelector("dialog[open]")) return
  const open = document.querySelector(".action[open]")
  if (open) {
    open.open = false
    open.querySelector("summary").focus()
  } else if (isTyping(event.target)) {
    event.target.blur()
  } else {
    close()
  }
}

document.addEventListener("keydown", (event) => {
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
    event.preventDefault()
    return openCommand()
  }
  if (event.key === "Escape") return escape(event)
  if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return
  if (document.querySelector("dialog[open]")) return
  if (performance.now() < awaitsLetter) {
    awaitsLetter = 0
    return goTo(event.key)
  }
  switch (event.key) {
    case "/": event.preventDefault(); return openCommand()
    case "j": return move(1)
    case "k": return move(-1)
    case "g": awaitsLetter = performance.now() + 1500; return
    case "z": return toggleZone()
    case "?": return document.getElementById("keys").showModal()
  }
})
