import ApusServer

extension Dashboard {
    func addPages(to routes: inout RouteTable) {
        let site = site
        page("/", &routes) { visit, _ in try await OverviewPage(site: site).answer(visit) }
        page("/runs", &routes) { visit, _ in try await RunsPage(site: site).answer(visit) }
        page("/runs/cancel", &routes) { visit, _ in try await CancelPage(site: site).answer(visit) }
        page("/runs/:id", &routes) { visit, context in
            try await RunPage(site: site).answer(context.parameter("id"), visit)
        }
        page("/runs/:id/steps", &routes) { visit, context in
            try await RunPage(site: site).steps(context.parameter("id"), visit)
        }
        page("/runs/:id/payload", &routes) { visit, context in
            try await RunPage(site: site).payload(context.parameter("id"), visit)
        }
        page("/runs/:id/curl", &routes) { visit, context in
            try await RunPage(site: site).curl(context.parameter("id"), visit)
        }
        page("/runs/:id/copy", &routes) { visit, context in
            PageAnswer.text(try await RunPage(site: site).copy(context.parameter("id"), visit).text)
        }
        page("/replays", &routes) { visit, _ in try await ReplaysPage(site: site).answer(visit) }
        page("/replays/new", &routes) { visit, _ in try await ReplayPage(site: site).answer(visit) }
        page("/events", &routes) { visit, _ in try await EventsPage(site: site).answer(visit) }
        page("/events/send", &routes) { visit, _ in try await SendPage(site: site).answer(visit) }
        page("/events/:id", &routes) { visit, context in
            try await EventPage(site: site).answer(context.parameter("id"), visit)
        }
        page("/events/:id/payload", &routes) { visit, context in
            try await EventPage(site: site).payload(context.parameter("id"), visit)
        }
        page("/functions", &routes) { visit, _ in try await FunctionsPage(site: site).answer(visit) }
        page("/functions/:slug", &routes) { visit, context in
            try await FunctionPage(site: site).answer(context.parameter("slug"), visit)
        }
        page("/apps", &routes) { visit, _ in try await AppsPage(site: site).answer(visit) }
        page("/schedules", &routes) { visit, _ in try await SchedulesPage(site: site).answer(visit) }
        page("/settings", &routes) { visit, _ in try await SettingsPage(site: site).answer(visit) }
        page("/find", &routes) { visit, _ in try await FindPage(site: site).answer(visit) }
        page("/find.json", &routes) { visit, _ in try await FindPage(site: site).json(visit) }
    }
}
