// Made by Scripts/embed-dashboard.py from Templates/.
// swift-format-ignore-file

/// Templates by file name.
enum EmbeddedTemplates {
    static let files: [String: String] = [
"action.mustache": #"""
<details class="action" data-dialog>
<summary class="button{{#danger}} danger{{/danger}}">{{label}}…</summary>
<div class="action-body">
<h2>{{title}}</h2>
<p>{{consequence}}</p>
<form method="post" action="{{base}}{{action}}">
{{#fields}}
<input type="hidden" name="{{name}}" value="{{value}}">
{{/fields}}
{{#choices}}
<label>{{label}}<select name="{{name}}">
{{#options}}
<option value="{{value}}"{{#selected}} selected{{/selected}}>{{text}}</option>
{{/options}}
</select></label>
{{/choices}}
{{#inputs}}
<label>{{label}}<input name="{{name}}" value="{{value}}" autocomplete="off" spellcheck="false"></label>
{{/inputs}}
{{#texts}}
<label>{{label}}<textarea name="{{name}}" rows="8" spellcheck="false" data-json>
{{value}}</textarea></label>
{{/texts}}
{{#confirm}}
<label><span>Type <b>{{.}}</b> to confirm</span><input name="confirm" required autocomplete="off" spellcheck="false" data-confirm="{{.}}"></label>
{{/confirm}}
<div class="buttons"><button class="{{#danger}}danger{{/danger}}{{^danger}}primary{{/danger}}">{{verb}}</button><button type="button" data-close hidden>Leave it</button></div>
</form>
{{#command}}
{{>cli}}
{{/command}}
</div>
</details>

"""#,
"ago.mustache": #"""
<time datetime="{{iso}}" title="{{utc}}" data-time="ago">{{relative}}</time>
"""#,
"apps.mustache": #"""
{{<layout}}
{{$content}}
<header class="page"><h1>Apps</h1><p class="count">{{total}}</p><div class="buttons">{{#actions}}{{>action}}{{/actions}}</div></header>
{{#apps}}
<article class="app"{{#uuid}} id="app-{{.}}"{{/uuid}}>
<header><h2 title="{{name}}">{{name}}</h2>{{#state}}{{>state}}{{/state}}<div class="buttons">{{#actions}}{{>action}}{{/actions}}</div></header>
{{#error}}
<p class="error">{{.}}</p>
{{/error}}
{{#advice}}
<p class="advice">{{.}}</p>
{{/advice}}
<dl class="facts">
{{#facts}}
<div><dt>{{label}}</dt><dd>{{#at}}{{>time}}{{/at}}{{#text}}{{.}}{{/text}}{{#code}}<code title="{{.}}">{{.}}</code>{{/code}}{{#link}}<a href="{{base}}{{href}}" title="{{text}}">{{text}}</a>{{/link}}</dd></div>
{{/facts}}
</dl>
</article>
{{/apps}}
{{^apps}}
{{>empty-apps}}
{{/apps}}
{{/content}}
{{/layout}}

"""#,
"cancel.mustache": #"""
{{<layout}}
{{$content}}
<nav class="trail" aria-label="Trail"><a href="{{base}}{{back}}">Runs</a></nav>
<header class="page"><h1>Cancel many runs</h1><p class="count">{{count}}</p></header>
{{#hasRuns}}
<p>They make no further call. Calls under way run to their end in the app, and their answers are not used.</p>
<p class="muted">{{conditions}}</p>
<table class="rows"><thead><tr><th scope="col">Function</th><th scope="col" class="c-count number">Runs</th></tr></thead><tbody>
{{#functions}}
<tr><td class="clip"><a class="row" href="{{base}}{{href}}">{{functionName}}</a></td><td class="number">{{count}}</td></tr>
{{/functions}}
</tbody></table>
<form class="sheet" method="post" action="{{base}}/runs/cancel">
{{#fields}}
<input type="hidden" name="{{name}}" value="{{value}}">
{{/fields}}
<label><span>Type <b>{{confirm}}</b> to confirm</span><input name="confirm" required autocomplete="off" spellcheck="false" data-confirm="{{confirm}}"></label>
<div class="buttons"><button class="danger">Cancel them</button><a class="button" href="{{base}}{{back}}">Leave them</a></div>
</form>
{{/hasRuns}}
{{^hasRuns}}
<div class="empty"><p>No run that lives matches. <a href="{{base}}{{back}}">Back to the list</a></p></div>
{{/hasRuns}}
{{/content}}
{{/layout}}

"""#,
"cli.mustache": #"""
<p class="cli"><span class="visually-hidden">The same on the command line: </span><code>{{command}}</code><button type="button" class="quiet" data-copy="{{command}}">Copy</button></p>

"""#,
"clock.mustache": #"""
<time datetime="{{iso}}" title="{{utc}}" data-time="clock">{{clock}}</time>
"""#,
"command.mustache": #"""
<dialog class="command" id="command" aria-label="Find or go to">
<form method="dialog">
<input id="command-input" type="text" role="combobox" aria-expanded="true" aria-controls="command-list" aria-autocomplete="list" aria-label="Find or go to" placeholder="A run’s id, an event, a function, an action" autocomplete="off" spellcheck="false">
</form>
<ul id="command-list" role="listbox" aria-label="Found"></ul>
<p class="hint"><kbd>↑</kbd> <kbd>↓</kbd> choose <kbd>Enter</kbd> open <kbd>Esc</kbd> close</p>
</dialog>
<dialog class="keys" id="keys" aria-labelledby="keys-title">
<h2 id="keys-title">Keys</h2>
{{>keys}}
<form method="dialog"><button>Close</button></form>
</dialog>

"""#,
"empty-apps.mustache": #"""
<div class="empty">
<h2>No app has registered</h2>
<p>Start your app in the SDK’s development mode, and tell the server where it is:</p>
<pre tabindex="0">INNGEST_DEV={{serverUrl}} python -m uvicorn app:app --port 3000
apus dev -u http://localhost:3000/api/inngest</pre>
<p>Without <code>-u</code> the server looks at the usual ports every few seconds.</p>
</div>

"""#,
"empty-events.mustache": #"""
<div class="empty">
<h2>No event yet</h2>
<p>Three lines send one:</p>
<pre tabindex="0">curl {{serverUrl}}/e/{{eventKey}} -d '{
  "name": "shop/user.signed-up",
  "data": {"email": "a@b.c"}}'</pre>
<p>or <a href="{{base}}/events/send">send it from here</a>. Events are stored whether or not a function listens.</p>
</div>

"""#,
"empty-filter.mustache": #"""
<div class="empty">
<h2>Nothing matches</h2>
<p>{{reason}}</p>
<p><a href="{{base}}{{clearHref}}">Take the filters away</a>{{#wider}} or <a href="{{base}}{{href}}">{{text}}</a>{{/wider}}.</p>
</div>

"""#,
"empty-runs.mustache": #"""
<div class="empty">
<h2>No run yet</h2>
<p>A run begins when an event comes that a function listens to. With an app registered, send one:</p>
<pre tabindex="0">curl {{serverUrl}}/e/{{eventKey}} -d '{"name":"shop/user.signed-up","data":{"email":"a@b.c"}}'</pre>
<p>or <a href="{{base}}/events/send">send it from here</a>. <a href="{{base}}/apps">Apps</a> says which apps are registered.</p>
</div>

"""#,
"empty-schedules.mustache": #"""
<div class="empty">
<h2>No function has a cron trigger</h2>
<p>This one runs at nine on every weekday, also through clock changes:</p>
<pre tabindex="0">@client.create_function(
    fn_id="report",
    trigger=inngest.TriggerCron(cron="TZ=Europe/Berlin 0 9 * * mon-fri"),
)</pre>
</div>

"""#,
"error.mustache": #"""
{{<layout}}
{{$content}}
<header class="page"><h1>{{heading}}</h1></header>
<div class="why"><p>{{message}}</p>
{{#advice}}
<p class="muted">{{.}}</p>
{{/advice}}
</div>
<dl class="facts">
<div><dt>Status</dt><dd>{{status}}</dd></div>
<div><dt>Code</dt><dd><code>{{code}}</code></dd></div>
{{#request}}
<div><dt>Request</dt><dd><code>{{.}}</code></dd></div>
{{/request}}
</dl>
<p><a href="{{base}}/">Overview</a></p>
{{/content}}
{{/layout}}

"""#,
"event-body.mustache": #"""
<article class="event" id="event">
<header class="page"><h1 title="{{eventName}}">{{eventName}}</h1>{{>id}}<div class="buttons"><a class="button" href="{{base}}{{resendHref}}">Send again…</a>{{#actions}}{{>action}}{{/actions}}</div></header>
<dl class="facts">
{{#facts}}
<div><dt>{{label}}</dt><dd>{{#at}}{{>time}}{{/at}}{{#text}}{{.}}{{/text}}{{#code}}<code title="{{.}}">{{.}}</code>{{/code}}{{#link}}<a href="{{base}}{{href}}" title="{{text}}">{{text}}</a>{{/link}}</dd></div>
{{/facts}}
</dl>
<section><h2>What functions made of it</h2>
{{#hasOutcomes}}
<div class="scroll" role="region" aria-label="What functions made of it" tabindex="0">
<table class="rows"><thead><tr><th scope="col" class="c-state">Outcome</th><th scope="col" class="c-name">Function</th><th scope="col">Why</th><th scope="col" class="c-run">Run</th></tr></thead><tbody>
{{#outcomes}}
<tr><td>{{#outcome}}{{>state}}{{/outcome}}</td><td class="clip"><a href="{{base}}{{functionHref}}" title="{{functionName}}">{{functionName}}</a></td><td class="wrap">{{reason}}</td><td>{{#run}}<a class="row" href="{{base}}{{href}}">{{#state}}{{>state}}{{/state}} <code class="id" title="{{id}}">{{short}}</code></a>{{/run}}</td></tr>
{{/outcomes}}
</tbody></table>
</div>
{{/hasOutcomes}}
{{#looked}}
<p class="muted">{{.}}</p>
{{/looked}}
{{^hasOutcomes}}
<div class="empty"><p>Nothing came of it: no function listens to <code>{{eventName}}</code>. <a href="{{base}}/functions">Functions</a> says what each listens to.</p></div>
{{/hasOutcomes}}
</section>
{{#payloads}}
{{>payload}}
{{/payloads}}
{{#command}}
{{>cli}}
{{/command}}
</article>

"""#,
"event-row.mustache": #"""
<tr id="event-{{id}}" data-id="{{id}}"{{#selected}} class="selected"{{/selected}}><td>{{#received}}{{>ago}}{{/received}}</td><td class="clip"><a class="row" href="{{base}}{{href}}" data-panel="{{base}}{{panelHref}}" title="{{name}}">{{name}}</a></td><td class="outcomes">{{#outcomes}}<a href="{{base}}{{href}}" title="{{word}}: {{functionName}}">{{>mark}} {{functionName}}</a>{{/outcomes}}{{#moreOutcomes}}<span class="muted">{{.}}</span>{{/moreOutcomes}}{{^outcomes}}<span class="muted">no function listens</span>{{/outcomes}}</td><td class="number">{{size}}</td><td><code class="id" title="{{id}}">{{shortId}}</code></td></tr>

"""#,
"event.mustache": #"""
{{<layout}}
{{$content}}
<nav class="trail" aria-label="Trail"><a href="{{base}}/events">Events</a></nav>
{{>event-body}}
{{/content}}
{{/layout}}

"""#,
"events.mustache": #"""
{{<layout}}
{{$content}}
<header class="page"><h1>Events</h1><p class="count" id="count">{{total}}</p><div class="buttons"><a class="button" href="{{base}}/events/send">Send an event</a></div></header>
<form class="filters" method="get" action="{{base}}/events" data-filters>
<label>Name<input name="name" value="{{name}}" placeholder="shop/user.signed-up" list="event-names" spellcheck="false"></label>
<datalist id="event-names">
{{#names}}
<option value="{{.}}"></option>
{{/names}}
</datalist>
<label>From<input name="from" value="{{from}}" placeholder="24 h ago" size="17" spellcheck="false"></label>
<label>Until<input name="until" value="{{until}}" placeholder="now" size="17" spellcheck="false"></label>
<label class="wide">Condition<input name="query" value="{{query}}" placeholder="event.data.total &gt; 100" spellcheck="false"{{#queryError}} aria-invalid="true" aria-describedby="query-error"{{/queryError}}></label>
<label class="toggle"><input type="checkbox" name="internal" value="1"{{#internal}} checked{{/internal}}>internal ones too</label>
<button>Filter</button>
{{#queryError}}
<p class="error" id="query-error">{{.}}</p>
{{/queryError}}
</form>
{{#histogram}}
{{>histogram}}
{{/histogram}}
{{#table}}
<div class="scroll" role="region" aria-label="Events" tabindex="0">
<table class="rows" data-live="events">
<caption class="visually-hidden">Events, the newest first</caption>
<thead><tr><th scope="col" class="c-time">Received</th><th scope="col" class="c-event">Name</th><th scope="col">What functions made of it</th><th scope="col" class="c-count number">Size</th><th scope="col" class="c-id">Event</th></tr></thead>
<tbody>
{{#events}}
{{>event-row}}
{{/events}}
</tbody>
</table>
</div>
{{#turn}}
{{>turn-pages}}
{{/turn}}
{{/table}}
{{#nothing}}
{{>empty-filter}}
{{/nothing}}
{{#noneYet}}
{{>empty-events}}
{{/noneYet}}
{{/content}}
{{$panel}}
{{#panel}}
<aside class="panel" id="panel" aria-label="Event" tabindex="-1" data-close="{{base}}{{closeHref}}">
<nav class="panel-bar" aria-label="Panel"><a href="{{base}}{{fullHref}}">Open as a page</a><a href="{{base}}{{closeHref}}" data-panel-close>Close</a></nav>
{{>event-body}}
</aside>
{{/panel}}
{{/panel}}
{{/layout}}

"""#,
"failure.mustache": #"""
<section class="failure">
<header><h2>{{label}}</h2>{{#at}}{{>ago}}{{/at}}</header>
<p class="failure-name">{{name}}</p>
{{#message}}
<p class="failure-message">{{.}}</p>
{{/message}}
{{#rest}}
<details><summary>The whole message, {{restSize}}</summary><pre tabindex="0">{{.}}</pre></details>
{{/rest}}
{{#frames}}
<pre class="frames" tabindex="0">{{.}}</pre>
{{/frames}}
{{#otherFrames}}
<details><summary>{{otherFramesCount}}</summary><pre tabindex="0">{{.}}</pre></details>
{{/otherFrames}}
{{#cause}}
<p class="failure-cause">{{.}}</p>
{{/cause}}
</section>

"""#,
"figures.mustache": #"""
<ul class="figures" id="figures" aria-label="Figures">
{{#figures}}
<li><a href="{{base}}{{href}}"><span class="figure-label">{{label}}</span><b class="figure-value {{tone}}">{{value}}</b><span class="figure-note">{{note}}</span></a></li>
{{/figures}}
</ul>

"""#,
"find.mustache": #"""
{{<layout}}
{{$content}}
<header class="page"><h1>Found for “{{query}}”</h1></header>
{{#found}}
<ul class="found">
{{#rows}}
<li><a class="row" href="{{base}}{{href}}"><span class="muted">{{kind}}</span> {{text}}</a> <span class="muted">{{detail}}</span></li>
{{/rows}}
</ul>
{{/found}}
{{^found}}
<div class="empty"><h2>Nothing found</h2><p>A whole id finds a run or an event; a part of a name finds functions, apps and event names.</p></div>
{{/found}}
{{/content}}
{{/layout}}

"""#,
"function.mustache": #"""
{{<layout}}
{{$content}}
<nav class="trail" aria-label="Trail"><a href="{{base}}/functions">Functions</a></nav>
<header class="page"><h1 title="{{functionName}}">{{functionName}}</h1>{{#state}}{{>state}}{{/state}}<button type="button" class="quiet id" title="Copy" data-copy="{{slug}}">{{slug}}</button><div class="buttons"><a class="button" href="{{base}}{{runsHref}}">Runs</a>{{#actions}}{{>action}}{{/actions}}</div></header>
{{#warnings}}
<div class="notice waiting"><p>{{.}}</p></div>
{{/warnings}}
<dl class="facts">
{{#facts}}
<div><dt>{{label}}</dt><dd>{{#at}}{{>time}}{{/at}}{{#text}}{{.}}{{/text}}{{#code}}<code title="{{.}}">{{.}}</code>{{/code}}{{#link}}<a href="{{base}}{{href}}" title="{{text}}">{{text}}</a>{{/link}}</dd></div>
{{/facts}}
</dl>
<section id="runs"><header class="part"><h2>Runs, {{window}}</h2><nav class="windows" aria-label="Stretch of time">{{#windows}}<a href="{{base}}{{href}}#runs"{{#current}} aria-current="true"{{/current}}>{{text}}</a>{{/windows}}</nav><a href="{{base}}{{runsHref}}">All runs</a></header>
{{>figures}}
{{#histogram}}
{{>histogram}}
{{/histogram}}
</section>
{{#graph}}
<section><header class="part"><h2>Steps of the newest run</h2><a href="{{base}}{{runHref}}">{{runShort}}</a></header>
{{>step-graph}}
</section>
{{/graph}}
<section><h2>Triggers</h2>
<table class="rows"><thead><tr><th scope="col" class="c-time">Kind</th><th scope="col">Event or expression</th><th scope="col">Condition, or in words</th></tr></thead><tbody>
{{#triggers}}
<tr><td>{{kind}}</td><td class="clip"><a href="{{base}}{{href}}" title="{{value}}"><code>{{value}}</code></a></td><td class="wrap">{{#condition}}<code>{{.}}</code>{{/condition}}{{#words}}{{.}}{{/words}}</td></tr>
{{/triggers}}
</tbody></table></section>
<section><header class="part"><h2>Limits and options</h2>{{#limitActions}}{{>action}}{{/limitActions}}</header>
<div class="scroll" role="region" aria-label="Limits and options" tabindex="0">
<table class="rows"><thead><tr><th scope="col" class="c-name">Option</th><th scope="col">Registered</th><th scope="col">Set by a person</th><th scope="col">In force</th><th scope="col">Key</th></tr></thead><tbody>
{{#options}}
<tr><th scope="row">{{label}}</th><td class="wrap">{{registered}}</td><td class="wrap">{{override}}</td><td class="wrap">{{inForce}}</td><td class="clip" title="{{#key}}{{.}}{{/key}}">{{#key}}<code>{{.}}</code>{{/key}}</td></tr>
{{/options}}
</tbody></table>
</div>
</section>
<section id="backlog"><header class="part"><h2>Backlog</h2><p class="muted">{{backlogSummary}}</p>{{#backlogActions}}{{>action}}{{/backlogActions}}</header>
{{#hasLanes}}
<div class="scroll" role="region" aria-label="Backlog" tabindex="0">
<table class="rows"><thead><tr><th scope="col">Keys</th><th scope="col" class="c-count number">Waiting</th><th scope="col" class="c-time">Oldest</th><th scope="col" class="c-count number">Per second</th><th scope="col" class="c-why">Why</th></tr></thead><tbody>
{{#lanes}}
<tr><td class="clip" title="{{keys}}"><code>{{keys}}</code></td><td class="number">{{waiting}}</td><td>{{#oldest}}{{>ago}}{{/oldest}}</td><td class="number">{{pace}}</td><td class="wrap">{{reason}}</td></tr>
{{/lanes}}
</tbody></table>
</div>
{{/hasLanes}}
{{^hasLanes}}
<p class="none">Nothing waits for its turn.</p>
{{/hasLanes}}
</section>
{{#command}}
{{>cli}}
{{/command}}
{{/content}}
{{/layout}}

"""#,
"functions.mustache": #"""
{{<layout}}
{{$content}}
<header class="page"><h1>Functions</h1><p class="count">{{total}}</p></header>
<form class="filters" method="get" action="{{base}}/functions" data-filters>
<label class="wide">Name or trigger<input name="q" value="{{query}}" spellcheck="false"></label>
<label>App<select name="app"><option value="">all</option>
{{#apps}}
<option value="{{value}}"{{#selected}} selected{{/selected}}>{{text}}</option>
{{/apps}}
</select></label>
<label>Order<select name="sort">
{{#orders}}
<option value="{{value}}"{{#selected}} selected{{/selected}}>{{text}}</option>
{{/orders}}
</select></label>
<button>Filter</button>
</form>
{{#hasFunctions}}
<div class="scroll" role="region" aria-label="Functions" tabindex="0">
<table class="rows">
<caption class="visually-hidden">Functions with figures of the last 24 hours</caption>
<thead><tr><th scope="col" class="c-state">State</th><th scope="col" class="c-name">Function</th><th scope="col">Triggers</th><th scope="col" class="c-app">App</th><th scope="col" class="c-count number">Runs, 24 h</th><th scope="col" class="c-count number">Failed</th><th scope="col" class="c-count number">Backlog</th><th scope="col" class="c-took number">Median</th><th scope="col" class="c-took number">95 %</th></tr></thead>
<tbody>
{{#functions}}
<tr id="function-{{uuid}}"><td>{{#state}}{{>state}}{{/state}}</td><td class="clip"><a class="row" href="{{base}}{{href}}" title="{{name}}">{{name}}</a></td><td class="clip" title="{{triggers}}">{{triggers}}</td><td class="clip"><a href="{{base}}{{appHref}}" title="{{app}}">{{app}}</a></td><td class="number"><a href="{{base}}{{runsHref}}">{{runs}}</a></td><td class="number {{failedTone}}"><a href="{{base}}{{failedHref}}">{{failed}}</a></td><td class="number"><a href="{{base}}{{href}}#backlog">{{backlog}}</a></td><td class="number">{{median}}</td><td class="number">{{p95}}</td></tr>
{{/functions}}
</tbody>
</table>
</div>
{{/hasFunctions}}
{{#nothing}}
{{>empty-filter}}
{{/nothing}}
{{#noneYet}}
{{>empty-apps}}
{{/noneYet}}
{{/content}}
{{/layout}}

"""#,
"histogram.mustache": #"""
<figure class="histogram" data-histogram data-from="{{fromMilliseconds}}" data-until="{{untilMilliseconds}}">
<svg viewBox="0 0 1000 56" preserveAspectRatio="none" role="img" aria-label="{{summary}}">
{{#bars}}
<g><title>{{title}}</title><rect class="hit" x="{{x}}" y="0" width="{{width}}" height="56"/>{{#parts}}<rect class="{{key}}" x="{{x}}" y="{{y}}" width="{{width}}" height="{{height}}"/>{{/parts}}</g>
{{/bars}}
</svg>
<figcaption><span>{{#from}}{{>ago}}{{/from}}</span><span class="histogram-most">{{most}}</span><span>{{#until}}{{>ago}}{{/until}}</span></figcaption>
</figure>

"""#,
"id.mustache": #"""
<button type="button" class="quiet id" title="{{id}}" data-copy="{{id}}">{{short}}</button>
"""#,
"json.mustache": #"""
<li>{{#branch}}<details{{#open}} open{{/open}}><summary>{{#name}}<span class="json-name">{{.}}</span>: {{/name}}<span class="json-bracket">{{opening}}</span> <span class="json-size">{{size}} {{closing}}</span></summary><ul>
{{#children}}
{{>json}}
{{/children}}
{{#more}}
<li class="json-more">{{.}}</li>
{{/more}}
</ul><span class="json-bracket">{{closing}}</span></details>{{/branch}}{{#leaf}}{{#name}}<span class="json-name">{{.}}</span>: {{/name}}<span class="json-{{kind}}">{{text}}</span>{{/leaf}}</li>

"""#,
"keys.mustache": #"""
<dl class="keys-list">
<dt><kbd>/</kbd> <kbd>Ctrl K</kbd></dt><dd>find, or go to</dd>
<dt><kbd>j</kbd> <kbd>k</kbd></dt><dd>next row, row before</dd>
<dt><kbd>Enter</kbd></dt><dd>open the row</dd>
<dt><kbd>g</kbd> <kbd>o</kbd></dt><dd>overview</dd>
<dt><kbd>g</kbd> <kbd>r</kbd></dt><dd>runs</dd>
<dt><kbd>g</kbd> <kbd>e</kbd></dt><dd>events</dd>
<dt><kbd>g</kbd> <kbd>f</kbd></dt><dd>functions</dd>
<dt><kbd>g</kbd> <kbd>a</kbd></dt><dd>apps</dd>
<dt><kbd>g</kbd> <kbd>s</kbd></dt><dd>schedules</dd>
<dt><kbd>g</kbd> <kbd>c</kbd></dt><dd>settings and help</dd>
<dt><kbd>z</kbd></dt><dd>times in this zone or in UTC</dd>
<dt><kbd>?</kbd></dt><dd>this list</dd>
<dt><kbd>Esc</kbd></dt><dd>close what is open</dd>
</dl>

"""#,
"layout.mustache": #"""
<!doctype html>
<html lang="en" data-zone="{{zone}}"{{#theme}} data-theme="{{.}}"{{/theme}}>
<head>
<meta charset="utf-8">
<title>{{title}} · Apus</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<link rel="icon" href="{{base}}/assets/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="{{base}}/assets/dashboard.css?v={{version}}">
<script type="module" src="{{base}}/assets/dashboard.js?v={{version}}"></script>
</head>
<body data-base="{{base}}">
{{>marks}}
<a class="skip" href="#content">Skip to the content</a>
<header class="rail">
<a class="brand" href="{{base}}/">Apus</a>
<p class="environment" title="The environment that this page shows"><span class="visually-hidden">Environment </span>{{environment}}</p>
<nav aria-label="Pages">
<ul>
{{#pages}}
<li><a href="{{base}}{{href}}"{{#current}} aria-current="page"{{/current}} data-go="{{key}}">{{name}}{{#alarm}} <span class="alarm" title="{{alarm}}">{{alarmCount}}</span>{{/alarm}}</a></li>
{{/pages}}
</ul>
</nav>
{{#signsOut}}
<form class="sign-out" method="post" action="{{base}}/logout"><button>Sign out</button></form>
{{/signsOut}}
<p class="version">{{version}}</p>
</header>
<div class="desk">
<div class="bar">
<form class="find" action="{{base}}/find" method="get" role="search">
<label class="visually-hidden" for="find">Find a run, an event or a function</label>
<input id="find" name="q" type="search" placeholder="Find a run, an event, a function" autocomplete="off" spellcheck="false" aria-keyshortcuts="/ Control+K">
</form>
<p class="fresh" id="fresh"{{#live}} data-stream="{{base}}{{.}}"{{/live}} role="status">As of {{#now}}{{>clock}}{{/now}}</p>
</div>
<main id="content" tabindex="-1">
{{#notice}}
<div class="notice {{tone}}" role="status">
<p>{{text}}</p>
{{#undo}}
<form method="post" action="{{base}}{{action}}">
{{#fields}}
<input type="hidden" name="{{name}}" value="{{value}}">
{{/fields}}
<button>{{label}}</button>
</form>
{{/undo}}
</div>
{{/notice}}
{{$content}}{{/content}}
</main>
{{$panel}}{{/panel}}
</div>
{{>command}}
</body>
</html>

"""#,
"login.mustache": #"""
<!doctype html>
<html lang="en"{{#theme}} data-theme="{{.}}"{{/theme}}>
<head>
<meta charset="utf-8">
<title>Sign in · Apus</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<link rel="icon" href="{{base}}/assets/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="{{base}}/assets/dashboard.css?v={{version}}">
</head>
<body class="login">
<main id="content">
<header class="page"><h1>Sign in to Apus</h1></header>
{{#error}}
<div class="notice failed" role="alert"><p>{{.}}</p></div>
{{/error}}
<form class="sheet" method="post" action="{{base}}/login">
<input type="hidden" name="to" value="{{to}}">
<input type="text" autocomplete="username" value="apus" hidden>
<label for="key">Signing key</label>
<input id="key" name="key" type="password" autocomplete="current-password" required autofocus spellcheck="false">
<p class="muted">A key that the server was started with. It is not stored; this browser stays signed in for {{hours}} hours.</p>
<div class="buttons"><button>Sign in</button></div>
</form>
</main>
</body>
</html>

"""#,
"mark.mustache": #"""
<span class="state {{key}}" title="{{word}}"><svg class="mark" aria-hidden="true"><use href="#mark-{{key}}"/></svg><span class="visually-hidden">{{word}}</span></span>

"""#,
"marks.mustache": #"""
<svg class="sprite" aria-hidden="true" focusable="false" width="0" height="0">
<symbol id="mark-running" viewBox="0 0 12 12"><circle cx="6" cy="6" r="4.75" fill="none" stroke="currentColor" stroke-width="1.5"/><path d="M6 1.25a4.75 4.75 0 0 1 0 9.5z" fill="currentColor"/></symbol>
<symbol id="mark-completed" viewBox="0 0 12 12"><path d="M2 6.6 4.9 9.4 10.2 3" fill="none" stroke="currentColor" stroke-width="2"/></symbol>
<symbol id="mark-failed" viewBox="0 0 12 12"><path d="M2.4 2.4 9.6 9.6M9.6 2.4 2.4 9.6" fill="none" stroke="currentColor" stroke-width="2.2"/></symbol>
<symbol id="mark-waiting" viewBox="0 0 12 12"><circle cx="6" cy="6" r="4.75" fill="none" stroke="currentColor" stroke-width="1.5"/><path d="M6 3.2V6.2L8 7.4" fill="none" stroke="currentColor" stroke-width="1.4"/></symbol>
<symbol id="mark-cancelled" viewBox="0 0 12 12"><circle cx="6" cy="6" r="4.75" fill="none" stroke="currentColor" stroke-width="1.5"/><path d="M2.8 9.2 9.2 2.8" stroke="currentColor" stroke-width="1.5"/></symbol>
<symbol id="mark-skipped" viewBox="0 0 12 12"><path d="M2 2.5 5.5 6 2 9.5M6.5 2.5 10 6 6.5 9.5" fill="none" stroke="currentColor" stroke-width="1.6"/></symbol>
<symbol id="mark-paused" viewBox="0 0 12 12"><path d="M3.8 2v8M8.2 2v8" stroke="currentColor" stroke-width="2.2"/></symbol>
<symbol id="mark-merged" viewBox="0 0 12 12"><path d="M2 2v2.5L6 7V11M10 2v2.5L6 7" fill="none" stroke="currentColor" stroke-width="1.6"/></symbol>
<symbol id="mark-warning" viewBox="0 0 12 12"><path d="M6 1.2 11.3 10.8H.7z" fill="none" stroke="currentColor" stroke-width="1.4"/><path d="M6 4.6v3M6 8.5v1" stroke="currentColor" stroke-width="1.4"/></symbol>
</svg>

"""#,
"overview.mustache": #"""
{{<layout}}
{{$content}}
<header class="page"><h1>Overview</h1></header>
{{>verdict}}
{{>figures}}
<section aria-label="Runs over time"><header class="part"><h2>Runs, the last 24 hours</h2><a href="{{base}}/runs">All runs</a></header>
{{#histogram}}
{{>histogram}}
{{/histogram}}
</section>
<div class="halves">
<section><header class="part"><h2>What failed runs share</h2><a href="{{base}}/runs?status=failed">All failed</a></header>
{{#hasFailures}}
<div class="scroll" role="region" aria-label="What failed runs share" tabindex="0">
<table class="rows fixed"><thead><tr><th scope="col">Error</th><th scope="col" class="c-name">Function</th><th scope="col" class="c-count number">Runs</th><th scope="col" class="c-time">First</th><th scope="col" class="c-time">Last</th></tr></thead><tbody>
{{#failures}}
<tr><td class="clip"><a class="row" href="{{base}}{{href}}" title="{{error}}">{{error}}</a></td><td class="clip" title="{{functionName}}">{{functionName}}</td><td class="number">{{count}}</td><td>{{#first}}{{>ago}}{{/first}}</td><td>{{#latest}}{{>ago}}{{/latest}}</td></tr>
{{/failures}}
</tbody></table>
</div>
{{/hasFailures}}
{{^hasFailures}}
<p class="none">No run has failed in the last 24 hours.</p>
{{/hasFailures}}
</section>
<section><header class="part"><h2>What waits for its turn</h2><a href="{{base}}/functions?sort=backlog">All functions</a></header>
{{#hasBacklogs}}
<div class="scroll" role="region" aria-label="What waits for its turn" tabindex="0">
<table class="rows fixed"><thead><tr><th scope="col" class="c-name">Function</th><th scope="col" class="c-count number">Runs</th><th scope="col">Why</th><th scope="col" class="c-time">Oldest</th></tr></thead><tbody>
{{#backlogs}}
<tr><td class="clip"><a class="row" href="{{base}}{{href}}" title="{{functionName}}">{{functionName}}</a></td><td class="number">{{count}}</td><td class="clip" title="{{reason}}">{{reason}}</td><td>{{#oldest}}{{>ago}}{{/oldest}}</td></tr>
{{/backlogs}}
</tbody></table>
</div>
{{/hasBacklogs}}
{{^hasBacklogs}}
<p class="none">Nothing waits: every run was called at once.</p>
{{/hasBacklogs}}
</section>
</div>
<section><header class="part"><h2>Newest runs</h2><a href="{{base}}/runs">All runs</a></header>
{{#table}}
<div class="scroll" role="region" aria-label="Newest runs" tabindex="0">
{{>run-table}}
</div>
{{/table}}
{{^table}}
{{>empty-runs}}
{{/table}}
</section>
{{/content}}
{{/layout}}

"""#,
"payload.mustache": #"""
<section class="payload" data-payload>
<header><h3>{{label}}</h3><span class="size">{{size}}</span></header>
{{#tree}}
<ul class="json">
{{>json}}
</ul>
{{/tree}}
{{#raw}}
<details class="raw"><summary>Raw</summary><pre tabindex="0">{{.}}</pre></details>
{{/raw}}
{{#large}}
<p class="large">{{size}} are not shown. <a href="{{base}}{{href}}" data-load="{{base}}{{fragment}}">Load them</a></p>
{{/large}}
{{#none}}
<p class="none">{{.}}</p>
{{/none}}
</section>

"""#,
"replay-row.mustache": #"""
<tr id="replay-{{id}}" data-id="{{id}}"><td>{{#state}}{{>state}}{{/state}}</td><td class="clip"><a class="row" href="{{base}}{{functionHref}}">{{functionName}}</a></td><td><svg class="progress" viewBox="0 0 1000 8" preserveAspectRatio="none" role="img" aria-label="{{progress}}"><rect class="whole" width="1000" height="8"/><rect width="{{width}}" height="8"/></svg><span>{{progress}}</span></td><td class="clip" title="{{note}}">{{note}}</td><td>{{#created}}{{>ago}}{{/created}}</td><td class="clip" title="{{actor}}">{{actor}}</td><td class="acts">{{#actions}}{{>action}}{{/actions}}</td></tr>

"""#,
"replay.mustache": #"""
{{<layout}}
{{$content}}
<nav class="trail" aria-label="Trail"><a href="{{base}}{{back}}">Runs</a></nav>
<header class="page"><h1>Repeat many runs</h1><p class="count">{{count}}</p></header>
{{#hasRuns}}
<p>Each run of <b>{{functionName}}</b> that {{conditions}} is started anew with its events, oldest first. The runs themselves stay as they are.</p>
<form class="sheet" method="post" action="{{base}}/replays">
{{#fields}}
<input type="hidden" name="{{name}}" value="{{value}}">
{{/fields}}
<div class="columns">
<label>They begin<select name="start">
{{#starts}}
<option value="{{value}}"{{#selected}} selected{{/selected}}>{{text}}</option>
{{/starts}}
</select></label>
<label>Runs a minute, at most<input name="per_minute" value="{{pace}}" inputmode="numeric" autocomplete="off"></label>
</div>
<label><span>Type <b>{{confirm}}</b> to confirm</span><input name="confirm" required autocomplete="off" spellcheck="false" data-confirm="{{confirm}}"></label>
<div class="buttons"><button class="primary">Repeat them</button><a class="button" href="{{base}}{{back}}">Leave them</a></div>
</form>
{{#command}}
{{>cli}}
{{/command}}
{{/hasRuns}}
{{^hasRuns}}
<div class="empty"><p>No run that has ended matches. <a href="{{base}}{{back}}">Back to the list</a></p></div>
{{/hasRuns}}
{{/content}}
{{/layout}}

"""#,
"replays.mustache": #"""
{{<layout}}
{{$content}}
<nav class="trail" aria-label="Trail"><a href="{{base}}/runs">Runs</a></nav>
<header class="page"><h1>Replays</h1><p class="count">{{total}}</p></header>
{{#hasReplays}}
<div class="scroll" role="region" aria-label="Replays" tabindex="0">
<table class="rows" data-live="replays">
<caption class="visually-hidden">Replays, the newest first</caption>
<thead><tr><th scope="col" class="c-state">State</th><th scope="col" class="c-name">Function</th><th scope="col" class="c-stamp">Progress</th><th scope="col">What</th><th scope="col" class="c-time">Ordered</th><th scope="col" class="c-app">By</th><th scope="col" class="c-acts"><span class="visually-hidden">Actions</span></th></tr></thead>
<tbody>
{{#replays}}
{{>replay-row}}
{{/replays}}
</tbody>
</table>
</div>
{{/hasReplays}}
{{^hasReplays}}
<div class="empty"><h2>Nothing has been repeated in bulk</h2><p>Choose a function in the <a href="{{base}}/runs?status=failed">list of failed runs</a>, and then <em>Repeat many</em>.</p></div>
{{/hasReplays}}
{{#command}}
{{>cli}}
{{/command}}
{{/content}}
{{/layout}}

"""#,
"run-body.mustache": #"""
<article class="run" id="run" data-run="{{id}}"{{#runLive}} data-stream="{{base}}{{.}}"{{/runLive}}>
<header class="page"><h1 title="{{functionName}}">{{functionName}}</h1>{{#state}}{{>state}}{{/state}}{{>id}}<div class="buttons">{{#copies}}<a class="button" href="{{base}}{{href}}"{{#isLink}} data-copy-link{{/isLink}}{{^isLink}} data-copy-text{{/isLink}}>{{label}}</a>{{/copies}}{{#actions}}{{>action}}{{/actions}}</div></header>
{{#waiting}}
<div class="why"><p>{{reason}}</p><p class="muted">{{#since}}Since {{>ago}}{{/since}}{{#until}}, until {{>time}}{{/until}}{{#rule}} · <a href="{{base}}{{href}}">{{text}}</a>{{/rule}}</p>
{{#command}}
{{>cli}}
{{/command}}
</div>
{{/waiting}}
{{#failure}}
{{>failure}}
{{/failure}}
<dl class="facts">
{{#facts}}
<div><dt>{{label}}</dt><dd>{{#at}}{{>time}}{{/at}}{{#text}}{{.}}{{/text}}{{#code}}<code title="{{.}}">{{.}}</code>{{/code}}{{#link}}<a href="{{base}}{{href}}" title="{{text}}">{{text}}</a>{{/link}}</dd></div>
{{/facts}}
</dl>
<div class="run-split{{#step}} with-step{{/step}}">
{{>waterfall-part}}
{{#step}}
{{>step}}
{{/step}}
</div>
<div class="halves">
<div>
{{#inputs}}
{{>payload}}
{{/inputs}}
</div>
<div>
{{#outputs}}
{{>payload}}
{{/outputs}}
</div>
</div>
{{#spans}}
<section class="linked"><h2>Spans of the app</h2>
<table class="rows"><caption class="visually-hidden">Spans of the app</caption><thead><tr><th scope="col" class="c-state">State</th><th scope="col">Span</th><th scope="col">Step</th><th scope="col">Made by</th><th scope="col">Began after</th><th scope="col">Took</th></tr></thead><tbody>
{{#rows}}
<tr><td>{{#state}}{{>state}}{{/state}}</td><td class="clip" title="{{name}}">{{name}}</td><td class="clip">{{step}}</td><td class="clip">{{scope}}</td><td>{{began}}</td><td>{{took}}</td></tr>
{{/rows}}
</tbody></table>
{{#more}}<p class="muted">{{.}}</p>{{/more}}
</section>
{{/spans}}
{{#linked}}
<section class="linked"><h2>Linked runs</h2>
<table class="rows"><caption class="visually-hidden">Linked runs</caption><thead><tr><th scope="col" class="c-name">How</th><th scope="col" class="c-state">State</th><th scope="col">Function</th><th scope="col" class="c-id">Run</th></tr></thead><tbody>
{{#links}}
<tr><td>{{relation}}</td><td>{{#state}}{{>state}}{{/state}}</td><td class="clip"><a class="row" href="{{base}}{{href}}">{{functionName}}</a></td><td><code class="id" title="{{id}}">{{short}}</code></td></tr>
{{/links}}
</tbody></table>
</section>
{{/linked}}
{{#command}}
{{>cli}}
{{/command}}
</article>

"""#,
"run-row.mustache": #"""
<tr id="run-{{id}}" data-id="{{id}}"{{#selected}} class="selected"{{/selected}}><td>{{#state}}{{>state}}{{/state}}</td><td class="clip"><a class="row" href="{{base}}{{href}}" data-panel="{{base}}{{panelHref}}">{{functionName}}</a></td><td class="clip"><span class="muted">{{triggerKind}}</span> <a href="{{base}}{{triggerHref}}" title="{{triggerName}}">{{triggerName}}</a></td><td class="clip note {{#state}}{{key}}{{/state}}" title="{{note}}">{{note}}</td><td>{{#queued}}{{>ago}}{{/queued}}</td><td>{{#started}}{{>ago}}{{/started}}{{^started}}–{{/started}}</td><td class="number">{{duration}}</td><td><code class="id" title="{{id}}">{{shortId}}</code></td></tr>

"""#,
"run-table.mustache": #"""
<table class="rows" data-live="{{liveKind}}">
<caption class="visually-hidden">{{caption}}</caption>
<thead><tr><th scope="col" class="c-state">State</th><th scope="col" class="c-name">Function</th><th scope="col" class="c-name">Trigger</th><th scope="col" class="c-note">Why</th><th scope="col" class="c-time">Queued</th><th scope="col" class="c-time">Started</th><th scope="col" class="c-took number">Duration</th><th scope="col" class="c-id">Run</th></tr></thead>
<tbody>
{{#runs}}
{{>run-row}}
{{/runs}}
</tbody>
</table>

"""#,
"run.mustache": #"""
{{<layout}}
{{$content}}
<nav class="trail" aria-label="Trail"><a href="{{base}}/runs">Runs</a></nav>
{{>run-body}}
{{/content}}
{{/layout}}

"""#,
"runs.mustache": #"""
{{<layout}}
{{$content}}
<header class="page"><h1>Runs</h1><p class="count" id="count">{{total}}</p><div class="buttons">{{#actions}}<a class="button" href="{{base}}{{href}}">{{label}}</a>{{/actions}}</div></header>
<form class="filters" method="get" action="{{base}}/runs" data-filters>
<fieldset class="states"><legend class="visually-hidden">State</legend>
{{#states}}
<label class="toggle"><input type="checkbox" name="status" value="{{key}}"{{#selected}} checked{{/selected}}>{{>state}}<span class="toggle-count">{{count}}</span></label>
{{/states}}
</fieldset>
<label>Function<select name="function"><option value="">all</option>
{{#functions}}
<option value="{{value}}"{{#selected}} selected{{/selected}}>{{text}}</option>
{{/functions}}
</select></label>
<label>App<select name="app"><option value="">all</option>
{{#apps}}
<option value="{{value}}"{{#selected}} selected{{/selected}}>{{text}}</option>
{{/apps}}
</select></label>
<label>Time of<select name="time">
{{#timeFields}}
<option value="{{value}}"{{#selected}} selected{{/selected}}>{{text}}</option>
{{/timeFields}}
</select></label>
<label>From<input name="from" value="{{from}}" placeholder="24 h ago" size="17" spellcheck="false"></label>
<label>Until<input name="until" value="{{until}}" placeholder="now" size="17" spellcheck="false"></label>
<label class="wide">Condition<input name="query" value="{{query}}" placeholder="event.data.total &gt; 100" spellcheck="false"{{#queryError}} aria-invalid="true" aria-describedby="query-error"{{/queryError}}></label>
<button>Filter</button>
{{#queryError}}
<p class="error" id="query-error">{{.}}</p>
{{/queryError}}
</form>
{{#histogram}}
{{>histogram}}
{{/histogram}}
{{#table}}
<div class="scroll" role="region" aria-label="Runs" tabindex="0">
{{>run-table}}
</div>
{{#turn}}
{{>turn-pages}}
{{/turn}}
{{/table}}
{{#nothing}}
{{>empty-filter}}
{{/nothing}}
{{#noneYet}}
{{>empty-runs}}
{{/noneYet}}
{{/content}}
{{$panel}}
{{#panel}}
<aside class="panel" id="panel" aria-label="Run" tabindex="-1" data-close="{{base}}{{closeHref}}">
<nav class="panel-bar" aria-label="Panel"><a href="{{base}}{{fullHref}}">Open as a page</a><a href="{{base}}{{closeHref}}" data-panel-close>Close</a></nav>
{{>run-body}}
</aside>
{{/panel}}
{{/panel}}
{{/layout}}

"""#,
"schedules.mustache": #"""
{{<layout}}
{{$content}}
<header class="page"><h1>Schedules</h1><p class="count">{{total}}</p></header>
{{#hasSchedules}}
<div class="scroll" role="region" aria-label="Schedules" tabindex="0">
<table class="rows">
<caption class="visually-hidden">Schedules, the next tick first</caption>
<thead><tr><th scope="col" class="c-paused">State</th><th scope="col" class="c-cron">Function</th><th scope="col" class="c-cron">Expression</th><th scope="col">In words</th><th scope="col" class="c-stamp">Next tick</th><th scope="col" class="c-last">Last tick</th><th scope="col" class="c-acts"><span class="visually-hidden">Actions</span></th></tr></thead>
<tbody>
{{#schedules}}
<tr id="schedule-{{uuid}}"><td>{{#state}}{{>state}}{{/state}}</td><td class="clip"><a class="row" href="{{base}}{{functionHref}}" title="{{functionName}}">{{functionName}}</a></td><td class="clip" title="{{expression}}"><code>{{expression}}</code></td><td class="clip" title="{{words}}{{#rules}}; {{.}}{{/rules}}">{{words}}{{#rules}}<span class="muted">; {{.}}</span>{{/rules}}</td><td>{{#next}}{{>time}}{{/next}}{{^next}}–{{/next}}</td><td>{{#made}}<a href="{{base}}{{href}}">{{>mark}} {{/made}}{{#latest}}{{>ago}}{{/latest}}{{^latest}}–{{/latest}}{{#made}}</a>{{/made}}</td><td class="acts">{{#actions}}{{>action}}{{/actions}}</td></tr>
{{/schedules}}
</tbody>
</table>
</div>
{{/hasSchedules}}
{{^hasSchedules}}
{{>empty-schedules}}
{{/hasSchedules}}
<section><header class="part"><h2>Events of a time to come</h2><p class="muted">{{scheduledTotal}}</p></header>
{{#hasScheduledEvents}}
<div class="scroll" role="region" aria-label="Events of a time to come" tabindex="0">
<table class="rows"><thead><tr><th scope="col" class="c-stamp">Starts</th><th scope="col">Event</th><th scope="col" class="c-name">Function</th><th scope="col" class="c-id">Run</th><th scope="col" class="c-act"><span class="visually-hidden">Actions</span></th></tr></thead><tbody>
{{#scheduledEvents}}
<tr><td>{{#starts}}{{>time}}{{/starts}}</td><td class="clip"><a class="row" href="{{base}}{{href}}" title="{{name}}">{{name}}</a></td><td class="clip" title="{{functionName}}">{{functionName}}</td><td><a href="{{base}}{{runHref}}"><code class="id" title="{{runId}}">{{shortRunId}}</code></a></td><td class="acts">{{#actions}}{{>action}}{{/actions}}</td></tr>
{{/scheduledEvents}}
</tbody></table>
</div>
{{#turn}}
{{>turn-pages}}
{{/turn}}
{{/hasScheduledEvents}}
{{^hasScheduledEvents}}
<p class="none">None. An event whose <code>ts</code> lies in the future starts its runs at that time, and is listed here until then.</p>
{{/hasScheduledEvents}}
</section>
{{#command}}
{{>cli}}
{{/command}}
{{/content}}
{{/layout}}

"""#,
"send.mustache": #"""
{{<layout}}
{{$content}}
<nav class="trail" aria-label="Trail"><a href="{{base}}/events">Events</a></nav>
<header class="page"><h1>Send an event</h1></header>
{{#error}}
<div class="notice failed" role="alert"><p>{{.}}</p></div>
{{/error}}
<form class="sheet" method="post" action="{{base}}/events" data-send data-url="{{serverUrl}}/e/{{eventKey}}">
<label>Name<input name="name" value="{{eventName}}" required list="event-names" placeholder="shop/user.signed-up" spellcheck="false" autocomplete="off"></label>
<datalist id="event-names">
{{#names}}
<option value="{{.}}"></option>
{{/names}}
</datalist>
<label>Data, JSON<textarea name="data" rows="14" spellcheck="false" data-json aria-describedby="data-says">
{{data}}</textarea></label>
<p class="says" id="data-says" role="status"></p>
<div class="columns">
<label>Id, optional<input name="id" value="{{eventId}}" spellcheck="false" autocomplete="off"><small>starts each function once in 24 hours</small></label>
<label>Time, optional<input name="ts" value="{{ts}}" placeholder="now" spellcheck="false" autocomplete="off"><small>starts its runs then, when it is to come</small></label>
</div>
<div class="buttons"><button class="primary">Send</button><button type="button" data-curl hidden>Copy as curl</button><button type="button" data-forget hidden>Start afresh</button></div>
</form>
{{#listeners}}
<section class="listeners"><h2>Who listens</h2><ul>
{{#rows}}
<li><a href="{{base}}{{href}}">{{functionName}}</a> <span class="muted">{{trigger}}</span></li>
{{/rows}}
</ul></section>
{{/listeners}}
{{#command}}
{{>cli}}
{{/command}}
{{/content}}
{{/layout}}

"""#,
"settings.mustache": #"""
{{<layout}}
{{$content}}
<header class="page"><h1>Settings and help</h1></header>
{{#warnings}}
<div class="notice waiting"><p>{{.}}</p></div>
{{/warnings}}
<div class="halves">
<section><h2>This server</h2>
<dl class="facts stacked">
{{#facts}}
<div><dt>{{label}}</dt><dd>{{#at}}{{>time}}{{/at}}{{#text}}{{.}}{{/text}}{{#code}}<code title="{{.}}">{{.}}</code>{{/code}}{{#link}}<a href="{{base}}{{href}}" title="{{text}}">{{text}}</a>{{/link}}</dd></div>
{{/facts}}
</dl>
<h2>Help</h2>
<ul class="help">
{{#help}}
<li><code>{{command}}</code><span>{{text}}</span></li>
{{/help}}
</ul>
</section>
<section><h2>How this page looks</h2>
<form class="sheet" method="post" action="{{base}}/settings">
<fieldset><legend>Colours</legend>
{{#themes}}
<label class="toggle"><input type="radio" name="theme" value="{{value}}"{{#selected}} checked{{/selected}}>{{text}}</label>
{{/themes}}
</fieldset>
<fieldset><legend>Times</legend>
{{#zones}}
<label class="toggle"><input type="radio" name="zone" value="{{value}}"{{#selected}} checked{{/selected}}>{{text}}</label>
{{/zones}}
</fieldset>
<div class="buttons"><button>Keep</button></div>
<p class="muted">Kept in this browser.</p>
</form>
<h2>Keys</h2>
{{>keys}}
</section>
</div>
<section id="audit"><h2>Who changed what</h2>
{{#hasAudit}}
<div class="scroll" role="region" aria-label="Who changed what" tabindex="0">
<table class="rows"><thead><tr><th scope="col" class="c-time">When</th><th scope="col" class="c-app">Who</th><th scope="col" class="c-name">Did</th><th scope="col" class="c-name">To</th><th scope="col">What was set</th></tr></thead><tbody>
{{#audit}}
<tr><td>{{#at}}{{>ago}}{{/at}}</td><td class="clip" title="{{actor}}">{{actor}}</td><td class="clip">{{action}}</td><td class="clip"><a class="row" href="{{base}}{{href}}" title="{{subject}}">{{subject}}</a></td><td class="clip" title="{{detail}}"><code>{{detail}}</code></td></tr>
{{/audit}}
</tbody></table>
</div>
{{/hasAudit}}
{{^hasAudit}}
<p class="none">Nobody has changed anything. Pauses, limits, drains and moves are recorded here with who made them.</p>
{{/hasAudit}}
{{#command}}
{{>cli}}
{{/command}}
</section>
{{/content}}
{{/layout}}

"""#,
"state.mustache": #"""
<span class="state {{key}}"><svg class="mark" aria-hidden="true"><use href="#mark-{{key}}"/></svg>{{word}}</span>

"""#,
"step-graph.mustache": #"""
<div class="scroll" role="region" aria-label="Steps as a graph" tabindex="0">
<svg class="graph" width="{{width}}" height="{{height}}" viewBox="0 0 {{width}} {{height}}" role="group" aria-label="Steps as a graph">
{{#edges}}
<path d="M{{x1}} {{y1}}C{{bend1}} {{y1}} {{bend2}} {{y2}} {{x2}} {{y2}}"/>
{{/edges}}
{{#nodes}}
<a href="{{base}}{{href}}" aria-label="{{title}}{{#state}}, {{word}}{{/state}}"><title>{{title}}</title><rect class="{{#state}}{{key}}{{/state}}" x="{{x}}" y="{{y}}" width="140" height="26" rx="3"/><text x="{{textX}}" y="{{textY}}">{{name}}</text></a>
{{/nodes}}
</svg>
</div>
{{#cut}}
<p class="muted">{{.}}</p>
{{/cut}}

"""#,
"step-row.mustache": #"""
<li class="step" id="step-{{number}}"{{#selected}} data-selected{{/selected}}><a href="{{base}}{{href}}"{{#selected}} aria-current="true"{{/selected}} data-step>{{#state}}{{>mark}}{{/state}}<span class="step-name">{{name}}</span> <span class="step-kind">{{kind}}</span></a><svg viewBox="0 0 1000 20" preserveAspectRatio="none" aria-hidden="true">{{#bars}}<rect class="{{key}}" x="{{x}}" y="{{y}}" width="{{width}}" height="{{height}}"/>{{/bars}}</svg><span class="step-took">{{took}}</span></li>{{#child}}<li class="step child"><a href="{{base}}{{href}}">{{#state}}{{>mark}}{{/state}}<span class="step-name">{{name}}</span> <span class="step-kind">invoked run</span></a><svg viewBox="0 0 1000 20" preserveAspectRatio="none" aria-hidden="true">{{#bars}}<rect class="{{key}}" x="{{x}}" y="{{y}}" width="{{width}}" height="{{height}}"/>{{/bars}}</svg><span class="step-took">{{took}}</span></li>{{/child}}

"""#,
"step.mustache": #"""
<section class="step-detail" id="step" aria-label="Step {{name}}" tabindex="-1">
<header><h2>{{name}}</h2>{{#state}}{{>state}}{{/state}}<a class="quiet" href="{{base}}{{closeHref}}" data-step-close>Close</a></header>
<dl class="facts">
{{#facts}}
<div><dt>{{label}}</dt><dd>{{#at}}{{>time}}{{/at}}{{#text}}{{.}}{{/text}}{{#code}}<code title="{{.}}">{{.}}</code>{{/code}}{{#link}}<a href="{{base}}{{href}}">{{text}}</a>{{/link}}</dd></div>
{{/facts}}
</dl>
{{#attempts}}
<table class="attempts"><caption>Attempts</caption>
<thead><tr><th scope="col">#</th><th scope="col">State</th><th scope="col">Called</th><th scope="col" class="number">In line</th><th scope="col" class="number">Took</th><th scope="col">Answer</th></tr></thead>
<tbody>
{{#rows}}
<tr><td class="number">{{number}}</td><td>{{#state}}{{>state}}{{/state}}</td><td>{{#at}}{{>clock}}{{/at}}</td><td class="number">{{queued}}</td><td class="number">{{took}}</td><td class="clip" title="{{answer}}">{{answer}}</td></tr>
{{/rows}}
</tbody></table>
{{/attempts}}
{{#failure}}
{{>failure}}
{{/failure}}
{{#payloads}}
{{>payload}}
{{/payloads}}
{{#actions}}
{{>action}}
{{/actions}}
</section>

"""#,
"time.mustache": #"""
<time datetime="{{iso}}" title="{{relative}}" data-time="full">{{utc}}</time>
"""#,
"turn-pages.mustache": #"""
<nav class="turn-pages" aria-label="Further rows">
<p>{{shown}}</p>
{{#newest}}
<a class="button" href="{{base}}{{.}}">Newest</a>
{{/newest}}
{{#older}}
<a class="button" rel="next" href="{{base}}{{.}}" data-older>Older</a>
{{/older}}
</nav>

"""#,
"verdict.mustache": #"""
<section class="verdict" aria-label="Is anything wrong?" id="verdict">
{{#problems}}
<article class="problem {{tone}}"><svg class="mark" aria-hidden="true"><use href="#mark-{{mark}}"/></svg><div><p><a href="{{base}}{{href}}">{{text}}</a></p><p class="muted">{{detail}}{{#since}} Since {{>ago}}.{{/since}}</p></div>{{#actions}}{{>action}}{{/actions}}</article>
{{/problems}}
{{^problems}}
<p class="well"><svg class="mark" aria-hidden="true"><use href="#mark-completed"/></svg>{{well}}</p>
{{/problems}}
</section>

"""#,
"waterfall-part.mustache": #"""
<div id="waterfall">
{{#waterfall}}
{{>waterfall}}
{{/waterfall}}
</div>

"""#,
"waterfall.mustache": #"""
<section class="waterfall" aria-label="Timeline" data-waterfall data-total="{{total}}" data-first="{{first}}" data-shown="{{shown}}"{{#source}} data-source="{{base}}{{.}}"{{/source}}>
<header><h2>Timeline</h2><p>{{summary}}</p></header>
{{#shape}}
<svg class="shape" viewBox="0 0 1000 {{height}}" preserveAspectRatio="none" role="group" aria-label="All steps">
{{#groups}}
<a href="{{base}}{{href}}" data-row="{{row}}" aria-label="{{title}}"><title>{{title}}</title><rect class="hit" x="0" y="{{y}}" width="1000" height="4"/><rect class="{{key}}" x="{{x}}" y="{{y}}" width="{{width}}" height="3"/></a>
{{/groups}}
</svg>
{{/shape}}
<div class="axis"><svg height="{{#folded}}34{{/folded}}{{^folded}}20{{/folded}}" aria-hidden="true">
{{#ticks}}
<text x="{{percent}}" y="{{#folded}}28{{/folded}}{{^folded}}14{{/folded}}"{{#last}} class="last"{{/last}}>{{label}}</text>
{{/ticks}}
{{#folds}}
<text class="fold-label" x="{{percent}}" y="12">{{label}}</text>
{{/folds}}
</svg></div>
{{#earlier}}
<p class="more"><a class="button" href="{{base}}{{href}}" rel="prev">{{text}}</a></p>
{{/earlier}}
<div class="lanes">
<svg class="backdrop" viewBox="0 0 1000 100" preserveAspectRatio="none" aria-hidden="true">
{{#ticks}}
<line x1="{{x}}" x2="{{x}}" y1="0" y2="100"/>
{{/ticks}}
{{#folds}}
<rect x="{{x}}" y="0" width="{{width}}" height="100"/><line class="cut" x1="{{x}}" x2="{{x}}" y1="0" y2="100"/><line class="cut" x1="{{until}}" x2="{{until}}" y1="0" y2="100"/>
{{/folds}}
</svg>
<ol>
{{#steps}}
{{>step-row}}
{{/steps}}
</ol>
</div>
{{#later}}
<p class="more"><a class="button" href="{{base}}{{href}}" rel="next">{{text}}</a></p>
{{/later}}
<p class="legend"><span class="key queued">waited for its turn</span><span class="key call">app was called</span><span class="key failed">failed attempt</span><span class="key sleep">slept or waited</span>{{#folded}}<span class="key fold">{{.}}</span>{{/folded}}</p>
</section>

"""#,
    ]
}
