// Made by Scripts/embed-dashboard.py from Assets/.
// swift-format-ignore-file

/// Style, scripts and the icon by file name.
enum EmbeddedAssets {
    static let files: [String: String] = [
"command.js": #"""
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

"""#,
"dashboard.css": #"""
@layer tokens, base, components, pages;

@layer tokens {
  :root {
    color-scheme: light dark;
    --ground: light-dark(#fff, #121315);
    --raised: light-dark(#f6f6f7, #191b1e);
    --pressed: light-dark(#ececee, #24272b);
    --line: light-dark(#dfe1e4, #2b2e33);
    --edge: light-dark(#868b91, #6f757c);
    --ink: light-dark(#17181a, #e6e7e9);
    --muted: light-dark(#5b6066, #9ba1a8);
    --running: light-dark(#0a58ca, #6ea8ff);
    --completed: light-dark(#18733a, #57c27a);
    --failed: light-dark(#b8202a, #ff7f78);
    --waiting: light-dark(#855300, #e3ac45);
    --cancelled: light-dark(#5b6066, #9ba1a8);
    --mono: ui-monospace, "SF Mono", "Cascadia Mono", "DejaVu Sans Mono", Menlo, Consolas, monospace;
    --small: .75rem;
    --text: .8125rem;
    --large: .9375rem;
    --title: 1.25rem;
    --bar-height: 44px;
  }
  [data-theme="light"] { color-scheme: light; }
  [data-theme="dark"] { color-scheme: dark; }
  .running { --state: var(--running); }
  .completed { --state: var(--completed); }
  .failed { --state: var(--failed); }
  .waiting, .paused, .warning { --state: var(--waiting); }
  .cancelled, .skipped, .merged { --state: var(--cancelled); }
}

@layer base {
  *, ::before, ::after { box-sizing: border-box; }
  html { font: 400 100%/1.25rem system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; text-size-adjust: 100%; scrollbar-gutter: stable; }
  body { margin: 0; background: var(--ground); color: var(--ink); font-size: var(--text); font-variant-numeric: tabular-nums; display: grid; grid-template-columns: 152px minmax(0, 1fr); min-height: 100vh; }
  h1, h2, h3, p, ul, ol, dl, dd, figure, fieldset, pre { margin: 0; padding: 0; }
  ul, ol { list-style: none; }
  fieldset { border: 0; min-width: 0; }
  h1 { font-size: var(--title); line-height: 1.75rem; font-weight: 600; letter-spacing: -.01em; overflow-wrap: anywhere; display: -webkit-box; -webkit-line-clamp: 2; -webkit-box-orient: vertical; overflow: hidden; }
  h2 { font-size: var(--large); font-weight: 600; overflow-wrap: anywhere; }
  h3 { font-size: var(--text); font-weight: 600; }
  a { color: inherit; text-decoration: none; }
  a:hover { text-decoration: underline; text-underline-offset: 2px; }
  p a, li a { text-decoration: underline; text-decoration-color: var(--edge); text-underline-offset: 2px; }
  p a:hover { text-decoration-color: currentColor; }
  code, pre, kbd, textarea, .json { font: 400 var(--small)/1.25rem var(--mono); font-variant-numeric: tabular-nums; }
  pre { overflow: auto; white-space: pre; }
  small { font-size: var(--small); color: var(--muted); }
  table { border-collapse: collapse; width: 100%; }
  th { text-align: start; font-weight: 400; color: var(--muted); }
  caption { text-align: start; }
  bdi, td, dd, .clip { unicode-bidi: isolate; }
  input, select, textarea, button { font: inherit; color: inherit; }
  textarea { font: 400 var(--small)/1.25rem var(--mono); }
  :focus-visible { outline: 2px solid var(--ink); outline-offset: 1px; border-radius: 3px; }
  main:focus, [tabindex="-1"]:focus { outline: none; }
  summary { cursor: pointer; }
  time { white-space: nowrap; }
  ::selection { background: light-dark(#cfe0f7, #2d4a73); }
  [hidden] { display: none !important; }
  .visually-hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
  .skip { position: fixed; inset-block-start: 8px; inset-inline-start: -999px; z-index: 9; background: var(--ground); padding: 8px 12px; border: 1px solid var(--edge); }
  .skip:focus { inset-inline-start: 8px; }
  .sprite { position: absolute; }
  @media (prefers-reduced-motion: no-preference) { .flash { animation: flash 1.2s ease-out; } }
  @keyframes flash { from { background: var(--pressed); } }
}

@layer components {
  .mark { width: 12px; height: 12px; flex: none; position: relative; inset-block-start: 1px; }
  .state { color: var(--state, inherit); display: inline-flex; align-items: baseline; gap: 6px; white-space: nowrap; }
  .muted { color: var(--muted); }
  .none { color: var(--muted); padding-block: 8px; }
  .error { color: var(--failed); overflow-wrap: anywhere; }
  .number { text-align: end; font-variant-numeric: tabular-nums; }
  .id { color: var(--muted); white-space: nowrap; }
  .clip { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
  .wrap { overflow-wrap: anywhere; white-space: normal; }
  kbd { border: 1px solid var(--line); border-radius: 3px; padding: 0 4px; background: var(--raised); }

  button, .button { display: inline-flex; align-items: center; height: 28px; padding: 0 10px; border: 1px solid var(--edge); border-radius: 4px; background: var(--ground); cursor: pointer; white-space: nowrap; text-decoration: none; user-select: none; }
  button:hover, .button:hover { background: var(--raised); text-decoration: none; }
  button:active, .button:active { background: var(--pressed); }
  button.primary { background: var(--ink); color: var(--ground); border-color: var(--ink); }
  button.danger { background: var(--failed); color: var(--ground); border-color: var(--failed); }
  .button.danger { color: var(--failed); }
  button:disabled { opacity: .5; cursor: default; }
  button.quiet, a.quiet { border-color: transparent; background: none; color: var(--muted); height: 24px; padding: 0 6px; }
  .buttons { display: flex; gap: 8px; flex-wrap: wrap; align-items: center; }

  input:not([type="checkbox"], [type="radio"]), select { height: 28px; border: 1px solid var(--edge); border-radius: 4px; background: var(--ground); padding: 0 8px; min-width: 0; }
  select { padding-inline-end: 4px; max-width: 200px; text-overflow: ellipsis; }
  textarea { width: 100%; border: 1px solid var(--edge); border-radius: 4px; background: var(--ground); padding: 8px; resize: vertical; }
  [aria-invalid="true"] { border-color: var(--failed) !important; }
  ::placeholder { color: var(--muted); opacity: 1; }
  input[type="checkbox"], input[type="radio"] { accent-color: var(--ink); margin: 0; }
  .toggle { display: inline-flex; flex-direction: row; align-items: center; gap: 6px; height: 28px; }
  .toggle-count { color: var(--muted); }

  .filters { display: flex; flex-wrap: wrap; gap: 8px 12px; align-items: end; }
  .filters label:not(.toggle) { display: grid; gap: 0; color: var(--muted); font-size: var(--small); }
  .filters label > input, .filters label > select { color: var(--ink); font-size: var(--text); }
  .filters .wide { flex: 1 1 200px; max-width: 420px; }
  .filters .wide input { width: 100%; }
  .filters .states { display: flex; gap: 4px 16px; flex-wrap: wrap; flex-basis: 100%; }
  .filters .error { flex-basis: 100%; font-size: var(--small); }

  .scroll { overflow-x: auto; position: relative; }
  .rows { table-layout: fixed; }
  .scroll > .rows { min-width: 880px; }
  .halves .scroll > .rows { min-width: 520px; }
  .rows th, .rows td { padding: 0 12px 0 0; height: 28px; border-block-end: 1px solid var(--line); vertical-align: middle; }
  .rows thead th { font-size: var(--small); white-space: nowrap; height: 24px; overflow: hidden; text-overflow: ellipsis; }
  .rows th:last-child, .rows td:last-child { padding-inline-end: 4px; }
  .rows th:first-child, .rows td:first-child { padding-inline-start: 4px; }
  .rows th.number, .rows td.number { padding-inline-end: 20px; }
  .rows td:not(.wrap) { white-space: nowrap; }
  .rows .wrap { padding-block: 4px; }
  .rows tbody tr:hover { background: var(--raised); }
  .rows tbody tr.selected, .rows tbody tr:has(.row:focus-visible) { background: var(--pressed); }
  .rows a.row { font-weight: 500; }
  .rows .note { color: var(--muted); }
  .rows .note.failed { color: var(--failed); }
  .rows td.failed, .figure-value.failed { color: var(--failed); }
  .rows td.acts { text-align: end; overflow: visible; }
  .rows.fixed .c-count { width: 92px; } .rows.fixed .c-time { width: 92px; } .rows.fixed .c-name { width: 24%; }
  .c-state { width: 108px; } .c-name { width: 17%; } .c-note { width: auto; } .c-time { width: 104px; }
  .c-took { width: 100px; } .c-id { width: 92px; } .c-count { width: 104px; } .c-app { width: 10%; }
  .c-event { width: 28%; } .c-stamp { width: 208px; } .c-act { width: 96px; } .c-acts { width: 196px; } .c-cron { width: 14%; } .c-last { width: 120px; } .c-paused { width: 144px; } .c-why { width: 40%; } .c-run { width: 184px; }

  .outcomes { overflow: hidden; text-overflow: ellipsis; }
  .outcomes > a { margin-inline-end: 12px; }

  .turn-pages { display: flex; gap: 8px; align-items: center; padding-block: 8px; }
  .turn-pages p { margin-inline-end: auto; color: var(--muted); }

  .facts { display: grid; grid-template-columns: repeat(auto-fill, minmax(232px, 1fr)); gap: 8px 24px; padding-block: 8px; border-block: 1px solid var(--line); }
  .facts dt { color: var(--muted); font-size: var(--small); }
  .facts dd { overflow-wrap: anywhere; display: -webkit-box; -webkit-line-clamp: 3; -webkit-box-orient: vertical; overflow: hidden; }
  .facts time { white-space: normal; }
  .facts.stacked { grid-template-columns: 1fr; border-block-end: 0; }
  .facts.stacked div { display: grid; grid-template-columns: 140px 1fr; }

  .notice { display: flex; gap: 12px; align-items: center; justify-content: space-between; padding: 8px 12px; border: 1px solid var(--line); border-inline-start: 3px solid var(--state, var(--ink)); background: var(--raised); }
  .why { padding: 8px 12px; border: 1px solid var(--line); border-inline-start: 3px solid var(--waiting); overflow-wrap: anywhere; }
  .page-error .why { border-inline-start-color: var(--failed); }

  .failure { border: 1px solid var(--line); border-inline-start: 3px solid var(--failed); padding: 8px 12px; }
  .failure header { display: flex; gap: 8px; color: var(--muted); }
  .failure header h2 { color: var(--ink); font-size: var(--text); }
  .failure-name { color: var(--failed); font-weight: 600; overflow-wrap: anywhere; }
  .failure-message { overflow-wrap: anywhere; white-space: pre-wrap; }
  .failure pre { margin-block-start: 4px; max-height: 320px; color: var(--muted); }
  .failure .frames { color: var(--ink); }

  .payload { border: 1px solid var(--line); min-width: 0; }
  .payload > header { display: flex; gap: 8px; align-items: center; min-height: 32px; padding: 0 4px 0 12px; border-block-end: 1px solid var(--line); }
  .payload .size { color: var(--muted); margin-inline-end: auto; }
  .payload > :is(.none, .large) { padding: 8px 12px; }
  .payload .raw { border-block-start: 1px solid var(--line); }
  .payload .raw > summary { padding: 4px 12px; color: var(--muted); }
  .payload pre { padding: 0 12px 8px; max-height: 480px; }
  .payload.wrapped :is(pre, .json, .json span) { white-space: pre-wrap; overflow-wrap: anywhere; }
  .json { padding: 8px 12px; overflow: auto; max-height: 480px; white-space: nowrap; }
  .json span { white-space: pre; }
  .json ul { padding-inline-start: 16px; border-inline-start: 1px solid var(--line); margin-inline-start: 3px; }
  .json summary { list-style: none; }
  .json summary::-webkit-details-marker { display: none; }
  .json summary::before { content: "▸"; display: inline-block; width: 12px; color: var(--muted); }
  .json details[open] > summary::before { content: "▾"; }
  .json ul > li:not(:has(> details)) { padding-inline-start: 12px; }
  .json-name { color: var(--muted); }
  .json-string { unicode-bidi: isolate; }
  .json-number, .json-boolean, .json-null { font-weight: 600; }
  .json-null, .json-size, .json-bracket, .json-more { color: var(--muted); }
  .json details[open] > summary .json-size { visibility: hidden; }

  .cli { display: flex; align-items: center; gap: 4px; color: var(--muted); min-height: 28px; min-width: 0; }
  .cli::before { content: "$"; font: var(--small) var(--mono); margin-inline-end: 4px; }
  .cli button { flex: none; }
  /* Its place is kept until there is a script that copies. */
  .cli button:not([data-ready]) { visibility: hidden; }
  .cli code { white-space: pre-wrap; overflow-wrap: anywhere; padding-block: 4px; }

  .action { position: relative; display: inline-block; }
  .action > summary { list-style: none; }
  .action > summary::-webkit-details-marker { display: none; }
  .action[open] > .action-body { position: absolute; inset-inline-end: 0; z-index: 5; width: min(440px, 90vw); background: var(--ground); border: 1px solid var(--edge); padding: 16px; text-align: start; white-space: normal; margin-block-start: 4px; }
  .action-body { display: grid; gap: 12px; overflow-wrap: anywhere; }
  .action-body form, .sheet { display: grid; gap: 12px; }
  .action-body label, .sheet label:not(.toggle) { display: grid; gap: 2px; }
  .action-body select { max-width: none; }
  .sheet legend { color: var(--muted); font-size: var(--small); }
  .sheet .toggle { margin-inline-end: 16px; }
  .acts .button { height: 24px; padding: 0 8px; }
  .acts .action[open] > .action-body { position: fixed; inset: 12vh auto auto 50%; translate: -50%; }
  dialog { color: inherit; background: var(--ground); border: 1px solid var(--edge); border-radius: 4px; padding: 16px; width: min(520px, calc(100vw - 32px)); max-height: calc(100vh - 64px); overflow: auto; }
  dialog::backdrop { background: light-dark(rgb(23 24 26 / .25), rgb(0 0 0 / .5)); }
  dialog h2 { margin-block-end: 4px; }

  .empty { border: 1px dashed var(--edge); padding: 16px; display: grid; gap: 8px; justify-items: start; }
  .empty pre { background: var(--raised); padding: 8px 12px; max-width: 100%; }

  .histogram svg { display: block; width: 100%; height: 56px; border-block-end: 1px solid var(--line); cursor: crosshair; touch-action: pan-y; }
  .histogram rect { fill: var(--state); }
  .histogram .hit { fill: transparent; }
  .histogram g:hover .hit { fill: var(--pressed); }
  .histogram .chosen { fill: var(--ink); opacity: .12; pointer-events: none; }
  .histogram .received { fill: color-mix(in srgb, var(--running) 55%, var(--ground)); }
  .histogram .cancelled { fill: var(--edge); }
  .histogram .completed { fill: color-mix(in srgb, var(--completed) 45%, var(--ground)); }
  .histogram figcaption { display: grid; grid-template-columns: 1fr auto 1fr; gap: 0 16px; color: var(--muted); font-size: var(--small); }
  .histogram figcaption :last-child { text-align: end; }

  .figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(120px, 1fr)); border: 1px solid var(--line); }
  .figures li { border: solid var(--line); border-width: 0 1px 1px 0; margin: 0 -1px -1px 0; }
  .figures a { display: grid; padding: 8px 12px; text-decoration: none; }
  .figures a:hover { background: var(--raised); }
  .figure-label, .figure-note { color: var(--muted); font-size: var(--small); }
  .figure-value { font-size: var(--title); line-height: 1.75rem; font-weight: 600; }

  .pill { position: sticky; inset-block-start: calc(var(--bar-height) + 8px); z-index: 3; justify-self: center; margin-block-end: -36px; border-radius: 14px; background: var(--ink); color: var(--ground); border-color: var(--ink); }
  .pill:hover { background: var(--ink); text-decoration: underline; }
}

@layer pages {
  .rail { position: sticky; inset-block-start: 0; height: 100vh; display: flex; flex-direction: column; border-inline-end: 1px solid var(--line); padding: 12px 0; }
  .brand { font-size: var(--large); font-weight: 600; padding: 0 16px; text-decoration: none; }
  .environment { padding: 0 16px 12px; color: var(--muted); font-size: var(--small); }
  .rail nav a { display: flex; justify-content: space-between; padding: 4px 16px; text-decoration: none; border-inline-start: 3px solid transparent; padding-inline-start: 13px; color: var(--muted); }
  .rail nav a:hover { background: var(--raised); color: var(--ink); }
  .rail nav a[aria-current] { color: var(--ink); font-weight: 600; border-color: var(--ink); }
  .alarm { color: var(--failed); font-weight: 600; }
  .version { margin-block-start: auto; padding: 0 16px; color: var(--muted); font-size: var(--small); }
  .sign-out { margin-block-start: auto; padding: 0 16px 12px; }
  .sign-out + .version { margin-block-start: 0; }
  body.login { display: block; max-width: 28rem; margin: 12vh auto 0; padding: 0 16px; }

  .desk { min-width: 0; display: grid; grid-template-columns: minmax(0, 1fr); grid-template-rows: var(--bar-height) 1fr; }
  .desk:has(.panel) { grid-template-columns: minmax(0, 1fr) minmax(0, min(48%, 680px)); }
  .bar { grid-column: 1 / -1; position: sticky; inset-block-start: 0; z-index: 4; height: var(--bar-height); background: var(--ground); border-block-end: 1px solid var(--line); display: flex; align-items: center; justify-content: space-between; gap: 16px; padding: 0 24px; }
  .find { flex: 0 1 400px; }
  .find input { width: 100%; }
  .fresh { color: var(--muted); white-space: nowrap; font-size: var(--small); }
  .fresh::before { content: ""; display: inline-block; width: 7px; height: 7px; margin-inline-end: 6px; border: 1px solid var(--edge); border-radius: 50%; }
  .fresh.live::before { background: var(--completed); border-color: var(--completed); }
  .fresh.broken { color: var(--failed); }
  .fresh.broken::before { background: var(--failed); border-color: var(--failed); border-radius: 0; }
  main { min-width: 0; max-width: 1400px; width: 100%; padding: 16px 24px 64px; display: grid; gap: 16px; align-content: start; grid-template-columns: minmax(0, 1fr); }
  .panel { position: sticky; inset-block-start: var(--bar-height); height: calc(100vh - var(--bar-height)); overflow: auto; border-inline-start: 1px solid var(--line); padding: 8px 24px 48px; container: detail / inline-size; background: var(--ground); }
  @container detail (max-width: 600px) {
    .axis text:not(:first-child, .last, .fold-label) { display: none; }
    .attempts :is(th, td):nth-child(3) { display: none; }
    .linked .c-name { width: 112px; }
    .event .rows { min-width: 0 !important; }
    .event .rows .c-run { width: 112px; }
    .event .rows .id { display: none; }
    .step-kind { display: none; }
  }
  .panel-bar { display: flex; justify-content: space-between; color: var(--muted); padding-block-end: 8px; }
  .panel .scroll > .rows { min-width: 560px; }
  .desk:has(.panel) [data-live] { min-width: 0; }
  .desk:has(.panel) [data-live="runs"] :is(th, td):is(:nth-child(3), :nth-child(6), :nth-child(8)) { display: none; }
  .desk:has(.panel) [data-live="events"] :is(th, td):nth-child(n + 4) { display: none; }
  .desk:has(.panel) [data-live] .c-name { width: 30%; }

  .page { display: flex; align-items: center; gap: 8px 12px; flex-wrap: wrap; min-width: 0; }
  .page h1 { min-width: 0; }
  .page .count { color: var(--muted); }
  .page .buttons { margin-inline-start: auto; }
  .part { display: flex; align-items: baseline; gap: 12px; margin-block-end: 4px; flex-wrap: wrap; }
  .part > a, .part > .action { margin-inline-start: auto; }
  .part > a { color: var(--muted); }
  .part > .action ~ .action { margin-inline-start: 0; }
    .trail { color: var(--muted); margin-block-end: -16px; }
  .trail a::after { content: " /"; }
  .halves { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 440px), 1fr)); gap: 16px 32px; align-items: start; }
  .halves > * { min-width: 0; display: grid; gap: 8px; align-content: start; grid-template-columns: minmax(0, 1fr); }

  .verdict { display: grid; gap: 8px; }
  .problem { display: flex; gap: 12px; align-items: start; border: 1px solid var(--line); border-inline-start: 3px solid var(--state); padding: 8px 12px; }
  .problem > .mark { color: var(--state); inset-block-start: 4px; }
  .problem > div { flex: 1; min-width: 0; overflow-wrap: anywhere; }
  .problem p:first-child { font-weight: 600; }
  .well { display: flex; gap: 8px; align-items: center; }
  .well .mark { color: var(--completed); }

  .run, .event { display: grid; gap: 16px; min-width: 0; grid-template-columns: minmax(0, 1fr); container: detail / inline-size; }
  .run-split { display: grid; gap: 16px 24px; align-items: start; grid-template-columns: minmax(0, 1fr); }
  @container detail (min-width: 1000px) { .run-split.with-step { grid-template-columns: minmax(0, 3fr) minmax(0, 2fr); } }
  .step-detail { display: grid; gap: 12px; border: 1px solid var(--line); padding: 12px; min-width: 0; grid-template-columns: minmax(0, 1fr); }
  .step-detail > header { display: flex; gap: 12px; align-items: center; }
  .step-detail > header a { margin-inline-start: auto; }
  .step-detail .facts { grid-template-columns: repeat(auto-fill, minmax(150px, 1fr)); padding-block-start: 0; border-block-start: 0; }
  .attempts { table-layout: fixed; }
  .attempts caption { font-weight: 600; }
  .attempts th, .attempts td { padding: 2px 12px 2px 0; border-block-end: 1px solid var(--line); }
  .attempts th { font-size: var(--small); }
  .attempts th:nth-child(1) { width: 28px; } .attempts th:nth-child(2) { width: 100px; } .attempts th:nth-child(3) { width: 104px; } .attempts th:is(:nth-child(4), :nth-child(5)) { width: 76px; }

  .waterfall { --name: 30%; --took: 84px; min-width: 0; }
  .waterfall > header { display: flex; gap: 0 12px; align-items: baseline; flex-wrap: wrap; }
  .waterfall > header p, .legend { color: var(--muted); }
  .axis { padding-inline: var(--name) var(--took); border-block-end: 1px solid var(--line); position: sticky; inset-block-start: var(--bar-height); z-index: 2; background: var(--ground); }
  .panel .axis { inset-block-start: 0; }
  .axis svg { display: block; width: 100%; overflow: visible; }
  .axis text { font-size: var(--small); fill: var(--muted); }
  .axis .last { text-anchor: end; }
  .axis .fold-label { text-anchor: middle; fill: var(--waiting); }
  .lanes { position: relative; }
  .backdrop { position: absolute; inset-block: 0; inset-inline-start: var(--name); width: calc(100% - var(--name) - var(--took)); height: 100%; pointer-events: none; }
  .backdrop line { stroke: var(--line); vector-effect: non-scaling-stroke; }
  .backdrop rect { fill: var(--raised); }
  .backdrop .cut { stroke: var(--waiting); stroke-dasharray: 2 3; }
  .step { position: relative; display: grid; grid-template-columns: var(--name) minmax(0, 1fr) var(--took); align-items: center; height: 24px; }
  .step:hover, .step[data-selected] { background: color-mix(in srgb, var(--edge) 14%, transparent); }
  .step > a { display: flex; gap: 6px; align-items: center; min-width: 0; padding: 0 8px 0 4px; height: 24px; text-decoration: none; }
  .step > a::after { content: ""; position: absolute; inset: 0; }
  .step-name { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; unicode-bidi: isolate; }
  .step-kind { color: var(--muted); font-size: var(--small); white-space: nowrap; }
  .step > svg { display: block; width: 100%; height: 20px; }
  .step-took { text-align: end; color: var(--muted); padding-inline-end: 4px; white-space: nowrap; }
  .step rect { fill: var(--state, var(--edge)); }
  .step rect.queued { fill: none; stroke: var(--edge); vector-effect: non-scaling-stroke; }
  .step rect.sleep { fill: var(--waiting); opacity: .55; }
  .step rect.call { fill: color-mix(in srgb, var(--completed) 70%, var(--ground)); }
  .step rect.running { fill: var(--running); }
  .step.chunk { display: block; height: auto; }
  .step.child > a { padding-inline-start: 22px; }
  .step.child .step-name::before { content: "↳ "; color: var(--muted); }
  .shape { display: block; width: calc(100% - var(--name) - var(--took)); height: 72px; margin-inline-start: var(--name); }
  .shape rect { fill: color-mix(in srgb, var(--completed) 70%, var(--ground)); }
  .shape .failed { fill: var(--failed); }
  .shape .sleep { fill: var(--waiting); opacity: .55; }
  .shape .hit { fill: transparent; }
  .shape a:is(:hover, :focus-visible) .hit { fill: var(--pressed); }
  .waterfall .more { padding-block: 8px; }
  .legend { display: flex; flex-wrap: wrap; gap: 4px 16px; padding-block: 8px; border-block-start: 1px solid var(--line); font-size: var(--small); }
  .key::before { content: ""; display: inline-block; width: 14px; height: 8px; margin-inline-end: 6px; background: color-mix(in srgb, var(--completed) 70%, var(--ground)); }
  .key.failed::before { background: var(--failed); }
  .key.queued::before { background: none; border: 1px solid var(--edge); }
  .key.sleep::before { background: var(--waiting); opacity: .55; height: 3px; vertical-align: 3px; }
  .key.fold::before { background: var(--raised); border-inline: 1px dashed var(--waiting); }

  .progress { display: inline-block; width: 96px; height: 8px; margin-inline-end: 8px; vertical-align: 1px; }
  .progress rect { fill: var(--completed); }
  .progress .whole { fill: var(--pressed); }
  .windows { display: flex; gap: 12px; color: var(--muted); }
  .windows [aria-current] { color: var(--ink); font-weight: 600; }
  .graph { display: block; }
  .graph path { fill: none; stroke: var(--edge); }
  .graph rect { fill: var(--ground); stroke: var(--state, var(--edge)); }
  .graph text { font-size: var(--small); fill: var(--ink); }
  .graph a:is(:hover, :focus-visible) rect { fill: var(--raised); }
  .app { border: 1px solid var(--line); padding: 12px 16px; display: grid; gap: 8px; min-width: 0; }
  .app header { display: flex; gap: 12px; align-items: center; }
  .app .buttons { margin-inline-start: auto; }
  .app .facts { border-block-end: 0; padding-block-end: 0; }
  .sheet { max-width: 760px; }
  .sheet > label > input { width: 100%; }
  .sheet .columns { display: grid; grid-template-columns: repeat(auto-fit, minmax(220px, 1fr)); gap: 12px; }
  .says { min-height: 1.25rem; color: var(--failed); margin-block-start: -8px; }
  .listeners ul, .found, .help { display: grid; gap: 4px; }
  .help li { display: grid; grid-template-columns: 200px 1fr; gap: 12px; }
  .keys-list { display: grid; grid-template-columns: 96px 1fr; gap: 4px 12px; padding-block: 8px; }

  .command { padding: 0; margin-block-start: 12vh; }
  .command input { width: 100%; height: 40px !important; border: 0 !important; border-block-end: 1px solid var(--line) !important; padding: 0 16px !important; font-size: var(--large); outline: none; }
  .command li { display: flex; gap: 12px; padding: 4px 16px; cursor: pointer; min-width: 0; }
  .command li[aria-selected="true"] { background: var(--pressed); }
  .command li span:first-child { color: var(--muted); width: 72px; flex: none; }
  .command li span:last-child { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
  .command .hint { padding: 8px 16px; color: var(--muted); border-block-start: 1px solid var(--line); font-size: var(--small); }

  @media (max-width: 1100px) {
    .desk:has(.panel) { grid-template-columns: minmax(0, 1fr); }
    .panel { position: fixed; inset: var(--bar-height) 0 0; height: auto; z-index: 3; }
  }
  @media (max-width: 760px) {
    body { display: block; }
    .rail { position: static; height: auto; flex-direction: row; align-items: center; padding: 0; border-inline-end: 0; border-block-end: 1px solid var(--line); overflow-x: auto; }
    .environment, .version { display: none; }
    .rail ul { display: flex; }
    .rail nav a { padding: 10px 8px; border-inline-start: 0; border-block-end: 2px solid transparent; gap: 4px; }
    .bar { padding: 0 16px; }
    main { padding: 12px 16px 48px; }
    .panel { padding-inline: 16px; inset: 0; z-index: 6; }
    .facts { grid-template-columns: repeat(auto-fill, minmax(140px, 1fr)); }
    .page .buttons { margin-inline-start: 0; }
    .action[open] > .action-body { inset-inline: 0 auto; }
    .filters .states { gap: 0 12px; }
    .filters label:not(.toggle) { flex: 1 1 44%; }
    .filters label > :is(input, select) { width: 100%; max-width: none; }
    .filters .toggle input { width: auto; }
    .waterfall { --name: 40%; --took: 84px; }
    .axis text:not(:first-child, .last, .fold-label) { display: none; }
    .help li { grid-template-columns: 1fr; gap: 0; }
    [data-live] { min-width: 0; display: block; }
    [data-live] thead { display: none; }
    [data-live] tbody { display: block; }
    [data-live] tr { display: grid; grid-template-columns: 100px minmax(0, 1fr) auto; gap: 0 8px; padding: 6px 4px; border-block-end: 1px solid var(--line); }
    [data-live] td { display: block; height: auto !important; border: 0 !important; padding: 0 !important; }
    [data-live="runs"] td:nth-child(2) { grid-column: 2; }
    [data-live="runs"] td:nth-child(3) { grid-column: 1 / -1; grid-row: 2; color: var(--muted); }
    [data-live="runs"] td:nth-child(4) { grid-column: 1 / -1; grid-row: 3; }
    [data-live="runs"] td:nth-child(5) { grid-column: 3; grid-row: 1; color: var(--muted); }
    [data-live="runs"] td:nth-child(n+6) { display: none; }
    [data-live="events"] td:nth-child(2) { grid-column: 2 / -1; }
    [data-live="events"] td:nth-child(3) { grid-column: 1 / -1; grid-row: 2; white-space: normal; }
    [data-live="events"] td:nth-child(n+4) { display: none; }
  }
  @media print {
    .rail, .bar, .filters, .buttons, .turn-pages, .cli, .panel-bar { display: none; }
    body, .desk, .desk:has(.panel) { display: block; }
    .scroll { overflow: visible; }
    .scroll > .rows { min-width: 0; }
    .panel { position: static; height: auto; overflow: visible; border: 0; break-before: page; }
    .json, pre { max-height: none !important; white-space: pre-wrap; }
  }
}

"""#,
"dashboard.js": #"""
// Pages can be read without any of this; each module makes one thing quicker.
import "./time.js"
import "./live.js"
import "./panel.js"
import "./keys.js"
import "./command.js"
import "./json.js"
import "./waterfall.js"
import "./histogram.js"
import "./forms.js"
import { added } from "./page.js"

added(document)

"""#,
"forms.js": #"""
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

"""#,
"histogram.js": #"""
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

"""#,
"icon.svg": #"""
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="6" fill="#17181a"/><path d="M4 12c5-1 9 1 12 6 3-5 7-7 12-6-5 2-8 5-10 12h-4C12 17 9 14 4 12z" fill="#f2f3f4"/></svg>

"""#,
"json.js": #"""
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

"""#,
"keys.js": #"""
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

"""#,
"live.js": #"""
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

"""#,
"page.js": #"""
// What all modules share: the prefix of every URL, and a word for parts of the page that come later.

export const base = document.body.dataset.base

const watchers = []

/** Calls `enhance` for every part of the page, now and when one is put in later. */
export function eachPart(enhance) {
  watchers.push(enhance)
}

/** Says that a part of the page is new. */
export function added(root) {
  for (const enhance of watchers) enhance(root)
}

/** Elements of a part that match, the part itself among them. */
export function within(root, selector) {
  const found = [...root.querySelectorAll(selector)]
  return root instanceof Element && root.matches(selector) ? [root, ...found] : found
}

/** The element that a text of HTML describes. Only the server's own templates come here. */
export function element(html) {
  const template = document.createElement("template")
  template.innerHTML = html.trim()
  return template.content.firstElementChild
}

/** Another page of this server, parsed. */
export async function page(url, signal) {
  const answer = await fetch(url, { signal, headers: { accept: "text/html" } })
  if (!answer.ok) throw new Error(`${answer.status} ${answer.statusText}`)
  return new DOMParser().parseFromString(await answer.text(), "text/html")
}

/** Whether the reader types, so that letters are no commands. */
export function isTyping(target) {
  return target.matches?.("input:not([type=checkbox], [type=radio]), textarea, select") || target.isContentEditable
}

/** Says something short where a button or an id was. */
export function flashText(element, text) {
  if (element.dataset.was !== undefined) return
  element.dataset.was = element.textContent
  element.style.minWidth = `${element.offsetWidth}px`
  element.textContent = text
  setTimeout(() => {
    element.textContent = element.dataset.was
    delete element.dataset.was
  }, 1200)
}

export async function copy(text, from) {
  try {
    await navigator.clipboard.writeText(text)
    flashText(from, "Copied")
  } catch {
    flashText(from, "Not allowed")
  }
}

"""#,
"panel.js": #"""
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

"""#,
"time.js": #"""
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

"""#,
"waterfall.js": #"""
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

"""#,
    ]
}
