import ApusCore
import ApusEngine
import ApusNode
import ApusServer
import ApusStore
import Hummingbird

extension Dashboard {
    /// Who has done it, in the record of changes.
    static let actor = "dashboard"

    func addActions(to routes: inout RouteTable) {
        addRunActions(to: &routes)
        addFunctionActions(to: &routes)
        addOtherActions(to: &routes)
    }

    private func addRunActions(to routes: inout RouteTable) {
        let site = site
        let node = site.node
        post("/runs/cancel", &routes) { form, visit, _ in try await CancelPage(site: site).cancel(form, visit) }
        post("/runs/:id/cancel", &routes) { _, visit, context in
            let text = context.parameter("id")
            guard let id = ULID(text), try await node.cancel(run: id) else { throw PageProblem.missing("run", text) }
            return visit.back(to: Link("runs", text), Notice("The run is cancelled."))
        }
        post("/runs/:id/rerun", &routes) { form, visit, context in
            try await RerunActions(site: site).rerun(context.parameter("id"), form, visit)
        }
        post("/runs/:id/wake", &routes) { _, visit, context in
            try await RerunActions(site: site).wake(context.parameter("id"), visit)
        }
        post("/replays", &routes) { form, visit, _ in try await ReplayPage(site: site).order(form, visit) }
        post("/replays/:id", &routes) { form, visit, context in
            try await ReplaysPage(site: site).change(context.parameter("id"), form, visit)
        }
        post("/events", &routes) { form, visit, _ in try await SendPage(site: site).send(form, visit) }
        post("/events/:id/cancel", &routes) { _, visit, context in
            let text = context.parameter("id")
            guard let id = ULID(text), let count = try await node.withdraw(event: id, by: Self.actor) else {
                throw PageProblem.missing("event", text)
            }
            let notice = Notice(
                "\(NumberText.counted(count, "run")) cancelled.", tone: count > 0 ? "completed" : "waiting")
            return visit.back(to: Link("events", text), notice)
        }
    }

    private static func checkConfirmation(_ form: Form, _ function: FunctionRecord) throws(PageProblem) {
        guard form["confirm"] == function.configuration.slug else {
            throw PageProblem(
                400, "Nothing has been done", "To confirm, the name of the function has to be typed as it is written.")
        }
    }

    // MARK: - Functions

    private func addFunctionActions(to routes: inout RouteTable) {
        let site = site
        let node = site.node
        for (path, isPaused) in [("pause", true), ("resume", false)] {
            post("/functions/:slug/\(path)", &routes) { _, visit, context in
                let slug = context.parameter("slug")
                guard try await node.pause(slug, isPaused, by: Self.actor) != nil else {
                    throw PageProblem.missing("function", slug)
                }
                let notice = isPaused ? Notice("\(slug) is paused.", tone: "waiting") : Notice("\(slug) goes on.")
                return visit.back(to: Link("functions", slug), notice)
            }
        }
        post("/functions/:slug/invoke", &routes) { form, visit, context in
            let function = try FunctionPage.find(context.parameter("slug"), site)
            return try await Self.invoke(function, form["data"], site)
        }
        post("/functions/:slug/limits", &routes) { form, visit, context in
            let function = try FunctionPage.find(context.parameter("slug"), site)
            let limits: LimitOverride
            do {
                limits = try LimitOverride(try RawJSON(parsing: form["limits"]))
                try limits.check(against: function.configuration.flowControl)
            } catch {
                throw PageProblem(422, "These limits cannot be set", "\(error)")
            }
            _ = try await node.limit(function.id, limits.isEmpty ? nil : limits, by: Self.actor)
            return visit.back(to: Link("functions", function.configuration.slug), Notice("The limits are set."))
        }
        post("/functions/:slug/limits/remove", &routes) { _, visit, context in
            let function = try FunctionPage.find(context.parameter("slug"), site)
            _ = try await node.limit(function.id, nil, by: Self.actor)
            return visit.back(
                to: Link("functions", function.configuration.slug), Notice("The registered limits hold again."))
        }
        post("/functions/:slug/queue/drain", &routes) { form, visit, context in
            let function = try FunctionPage.find(context.parameter("slug"), site)
            return try await Self.move(function, to: nil, form, visit, site)
        }
        post("/functions/:slug/queue/move", &routes) { form, visit, context in
            let function = try FunctionPage.find(context.parameter("slug"), site)
            let target = try FunctionPage.find(form["to"], site)
            guard target.id != function.id, target.pausedAt == nil else {
                throw PageProblem(409, "Nothing has been moved", "The other function is paused, or it is the same one.")
            }
            return try await Self.move(function, to: target.id, form, visit, site)
        }
    }

    private static func invoke(_ function: FunctionRecord, _ text: String, _ site: Site) async throws -> Response {
        let slug = function.configuration.slug
        var writer = JSONWriter()
        let event: IncomingEvent
        do {
            writer.beginObject()
            writer.key("data")
            writer.raw(try RawJSON(parsing: text.isEmpty ? "{}" : text))
            writer.endObject()
            event = try EventRequest.decodeInvocation(writer.bytes, function: slug)
        } catch {
            throw PageProblem(422, "It was not invoked", "The data is not a JSON object: \(error)")
        }
        let id = try await site.node.invoke(slug, SubmittedEvent(event)).event
        return PageAnswer.redirect(to: site.base + Link("events", id.description).text, Notice("\(slug) is invoked."))
    }

    private static func move(
        _ function: FunctionRecord, to target: UUID16?, _ form: Form, _ visit: Visit, _ site: Site
    ) async throws -> Response {
        try checkConfirmation(form, function)
        let key = form["key"].isEmpty ? nil : FlowKey.excerpt(form["key"])
        let slug = function.configuration.slug
        let order = site.node.cancellation(
            of: function, until: visit.now, backlog: BulkCancellation.Backlog(key: key, target: target), at: visit.now)
        try await site.node.begin(order, by: actor)
        let text = target == nil ? "What waits is being cancelled." : "What waits is being moved."
        return visit.back(to: Link("functions", slug), Notice(text))
    }

    // MARK: - Apps, schedules, settings

    private func addOtherActions(to routes: inout RouteTable) {
        let site = site
        let node = site.node
        if !site.isEmbedded { addAppActions(to: &routes) }
        post("/schedules/:id", &routes) { form, visit, context in
            let key = try await Self.schedule(context.parameter("id"), node)
            var change = ScheduleChange()
            change.isPaused = form["paused"] == "true"
            change.catchUp = CatchUp(name: form["catch_up"]).map { .set($0) } ?? .unset
            change.overlap = Overlap(name: form["overlap"])
            _ = try await node.change(key, change, by: Self.actor)
            return visit.back(to: Link("schedules"), Notice("The schedule is changed."))
        }
        post("/schedules/:id/run", &routes) { _, visit, context in
            let key = try await Self.schedule(context.parameter("id"), node)
            guard let event = try await node.run(key, by: Self.actor) else {
                throw PageProblem(409, "No run has started", "The function is paused, or not registered any more.")
            }
            return PageAnswer.redirect(
                to: site.base + Link("events", event.description).text, Notice("A run has started."))
        }
        post("/settings", &routes) { form, visit, _ in
            let theme = ["light", "dark"].contains(form["theme"]) ? form["theme"] : ""
            let zone = form["zone"] == "utc" ? "utc" : "local"
            let rest = "; Path=\(site.base)/; Max-Age=31536000; SameSite=Lax"
            return PageAnswer.redirect(
                to: site.base + "/settings", Notice("Kept in this browser."),
                cookies: ["apus-theme=\(theme)\(rest)", "apus-zone=\(zone)\(rest)"])
        }
    }

    private func addAppActions(to routes: inout RouteTable) {
        let site = site
        let node = site.node
        post("/apps", &routes) { form, visit, _ in
            guard !form["url"].isEmpty else { throw PageProblem(422, "No app was added", "The URL is missing.") }
            await site.sync.add(form["url"])
            return visit.back(to: Link("apps"), Notice("The app is asked for its functions."))
        }
        post("/apps/:id/sync", &routes) { _, visit, context in
            let text = context.parameter("id")
            guard let id = UUID16(text), let app = node.registry.apps[id] else {
                throw PageProblem.missing("app", text)
            }
            await site.sync.add(app.url)
            let error = node.registry.apps[id]?.error
            return visit.back(
                to: Link("apps"),
                error.map { Notice("\(app.name) did not sync: \($0)", tone: "failed") }
                    ?? Notice("\(app.name) is synced."))
        }
    }

    private static func schedule(_ text: String, _ node: Node) async throws -> ScheduleKey {
        let found = await node.schedules().first { $0.key.id.description == text }
        guard let found else { throw PageProblem.missing("schedule", text) }
        return found.key
    }
}

extension Visit {
    /// Back to the page that a post came from.
    func back(to other: Link, _ notice: Notice) -> Response {
        PageAnswer.redirect(to: cameFrom ?? base + other.text, notice)
    }
}
