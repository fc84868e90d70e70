import ApusCore
import ApusEngine
import ApusStore

/// A run to take elsewhere: its events as a command, the whole as a test of its app's language, or as JSON.
struct RunCopy: Sendable {
    private let loaded: RunBody.Loaded
    private let language: Language?
    private let server: String
    /// The key, or what stands for it.
    private let eventKey: String

    private enum Language: String, Sendable {
        case python = "py"
        case javaScript = "js"
    }

    init(_ loaded: RunBody.Loaded, app: AppRecord?, server: String, eventKey: String) {
        self.loaded = loaded
        self.server = server
        self.eventKey = eventKey
        language = app.flatMap { Language(rawValue: $0.sdkLanguage) }
    }

    /// What started the run, as a sender would write it: without the id, which would make it a repeat, and without
    /// the time. `nil` for events that only the server sends.
    private var events: [RawJSON]? {
        let bodies = loaded.history.events
        guard !bodies.isEmpty, bodies.allSatisfy({ !($0.view["name"]?.string ?? "").hasPrefix("inngest/") }) else {
            return nil
        }
        return bodies.map { body in
            var writer = JSONWriter()
            writer.beginObject()
            for name in ["data", "name", "user", "v"] {
                guard let value = body.view[name], value.kind != .null else { continue }
                if name == "user", value.count == 0 { continue }
                writer.key(name)
                writer.raw(value)
            }
            writer.endObject()
            return writer.finish()
        }
    }

    /// A line for a shell that sends the same events; `nil` when nobody but the server sends them.
    var curl: String? {
        guard let events else { return nil }
        let body = events.count == 1 ? events[0] : Self.array(events)
        let text = String(decoding: body.bytes, as: UTF8.self).replacing("'", with: "'\\''")
        return "curl \(server)/e/\(eventKey) -d '\(text)'"
    }

    /// Whether ``text`` is a test: of a run that ended by itself, in a language that is known.
    var isTest: Bool {
        language != nil && events != nil && [.completed, .failed].contains(loaded.run.projection.status)
    }

    var text: String {
        guard isTest, let events, let language, let end = loaded.run.end else { return json }
        let sent = PrettyJSON.text(Self.array(events))
        let status = end.status == .completed ? "Completed" : "Failed"
        // Of an error, the stack says where the code lies; that is no part of what it does.
        let output = end.output?.json ?? .null
        let expected = PrettyJSON.text(
            end.status == .completed ? output : Self.object(of: output, ["message", "name"]))
        let run = loaded.run.id.description
        let slug = loaded.run.functionSlug
        return switch language {
        case .python: Self.python(run, slug, server, sent, status, expected)
        case .javaScript: Self.javaScript(run, slug, server, sent, status, expected)
        }
    }

    // MARK: - JSON

    private static func array(_ values: [RawJSON]) -> RawJSON {
        var writer = JSONWriter()
        writer.beginArray()
        for value in values { writer.raw(value) }
        writer.endArray()
        return writer.finish()
    }

    private static func object(of json: RawJSON, _ names: [String]) -> RawJSON {
        guard json.view.kind == .object else { return json }
        var writer = JSONWriter()
        writer.beginObject()
        for name in names {
            guard let value = json.view[name] else { continue }
            writer.key(name)
            writer.raw(value)
        }
        writer.endObject()
        return writer.finish()
    }

    private var json: String {
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("events")
        writer.raw(Self.array(loaded.history.events))
        writer.key("function")
        writer.value(loaded.run.functionSlug)
        writer.key("output")
        writer.raw(loaded.run.end?.output?.json ?? .null)
        writer.key("run")
        writer.value(loaded.run.id)
        writer.key("status")
        writer.value(loaded.run.projection.status.name)
        writer.key("steps")
        writer.beginArray()
        for step in loaded.trace.steps where step.id != nil {
            writer.beginObject()
            writer.key("kind")
            writer.value(step.kind.words)
            writer.key("name")
            writer.value(step.name)
            if let result = step.result {
                writer.key("result")
                writer.raw(result.memo.json)
            }
            writer.key("state")
            writer.value("\(step.state)")
            writer.endObject()
        }
        writer.endArray()
        writer.endObject()
        return PrettyJSON.text(writer.finish()) + "\n"
    }

    // MARK: - Tests

    /// JSON between triple quotes: three quotes never stand together in it, so only backslashes need another.
    private static func pythonText(_ json: String) -> String {
        "json.loads(\n    \"\"\"\n\(json.replacing("\\", with: "\\\\"))\n\"\"\"\n)"
    }

    private static func python(
        _ run: String, _ slug: String, _ server: String, _ events: String, _ status: String, _ output: String
    ) -> String {
        """
        # From run \(run) of \(slug.visible()).
        #
        # Sends its events to a server that the app is registered at, and expects the same end. Where the result holds
        # times or ids, compare only what matters.

        import json
        import os
        import time
        import urllib.request

        SERVER = os.environ.get("INNGEST_BASE_URL", "\(server)")
        FUNCTION = \(quoted(slug))
        EVENTS = \(pythonText(events))
        OUTPUT = \(pythonText(output))


        def ask(path, body=None):
            data = None if body is None else json.dumps(body).encode()
            with urllib.request.urlopen(urllib.request.Request(SERVER + path, data), timeout=10) as answer:
                return json.load(answer)


        def finished_run(event, within=60):
            end = time.monotonic() + within
            while time.monotonic() < end:
                for run in ask(f"/v1/events/{event}/outcomes")["data"]:
                    if run["function"] == FUNCTION and "run_id" in run:
                        found = ask(f"/v1/runs/{run['run_id']}")["data"]
                        if found["status"] in ("Completed", "Failed", "Cancelled"):
                            return found
                time.sleep(0.1)
            raise AssertionError(f"{FUNCTION} did not end within {within} s")


        def test_it_ends_as_before():
            run = finished_run(ask("/e/test", EVENTS)["ids"][-1])
            assert run["status"] == "\(status)", run
            output = run["output"]
            if run["status"] == "Failed" and isinstance(output, dict):
                output = {name: output[name] for name in OUTPUT}
            assert output == OUTPUT

        """
    }

    /// JSON in a template literal, whose own signs are escaped.
    private static func javaScriptText(_ json: String) -> String {
        let text = json.replacing("\\", with: "\\\\").replacing("`", with: "\\`").replacing("${", with: "\\${")
        return "JSON.parse(`\n\(text)\n`)"
    }

    private static func javaScript(
        _ run: String, _ slug: String, _ server: String, _ events: String, _ status: String, _ output: String
    ) -> String {
        """
        // From run \(run) of \(slug.visible()). Run it with `node --test`.
        //
        // Sends its events to a server that the app is registered at, and expects the same end. Where the result holds
        // times or ids, compare only what matters.

        import assert from "node:assert/strict"
        import test from "node:test"

        const server = process.env.INNGEST_BASE_URL ?? "\(server)"
        const name = \(quoted(slug))
        const events = \(javaScriptText(events))
        const output = \(javaScriptText(output))

        async function ask(path: string, body?: unknown) {
          const answer = await fetch(server + path, body === undefined ? {} : { method: "POST", body: JSON.stringify(body) })
          assert.ok(answer.ok, `${path}: ${answer.status}`)
          return answer.json()
        }

        async function finishedRun(event: string, within = 60_000) {
          const end = Date.now() + within
          while (Date.now() < end) {
            for (const run of (await ask(`/v1/events/${event}/outcomes`)).data) {
              if (run.function !== name || !run.run_id) continue
              const found = (await ask(`/v1/runs/${run.run_id}`)).data
              if (["Completed", "Failed", "Cancelled"].includes(found.status)) return found
            }
            await new Promise((resolve) => setTimeout(resolve, 100))
          }
          assert.fail(`${name} did not end within ${within} ms`)
        }

        test("it ends as before", async () => {
          const run = await finishedRun((await ask("/e/test", events)).ids.at(-1))
          assert.equal(run.status, "\(status)")
          const found = run.status === "Failed" && typeof run.output === "object"
            ? Object.fromEntries(Object.keys(output).map((key) => [key, run.output[key]]))
            : run.output
          assert.deepEqual(found, output)
        })

        """
    }

    /// A text in quotes, as both languages read it.
    private static func quoted(_ text: String) -> String {
        var writer = JSONWriter()
        writer.value(text)
        return String(decoding: writer.bytes, as: UTF8.self)
    }
}
