import ApusCore
import ApusEngine
import ApusNode
import ApusStore

/// The changes of a list of runs.
struct RunListStream: Sendable {
    let site: Site
    /// As it was when the stream began; its query has the filters of the list.
    let visit: Visit

    /// Rows that are sent at a time; past it the page reads its list again.
    private static let most = 60

    func find(_ news: RunFeed.News) async throws -> LiveStreams.Found {
        guard !news.isIncomplete, news.runs.count <= Self.most else { return LiveStreams.Found(isStale: true) }
        var visit = visit
        visit.now = site.now
        let filter = try RunFilter(visit)
        let search = try filter.search(in: site.node.registry, now: visit.now, limit: 1)
        let ids = news.runs
        let found = try await site.node.read { reader throws(StoreError) in
            var found: [StoredRun] = []
            for id in ids {
                guard let run = try reader.run(id: id) else { continue }
                found.append(run)
            }
            return found
        }
        let isOverview = visit.value("overview") != nil
        // The overview counts what it does not list.
        var answer = LiveStreams.Found(isStale: isOverview)
        var shown: [StoredRun] = []
        for run in found {
            guard search.query.matches(run.projection, of: run.function, createdAt: run.createdAt) else {
                // It may stand in the list, where it does not belong any more.
                if !filter.states.isEmpty { answer.isStale = true }
                continue
            }
            if let condition = search.condition {
                let id = run.eventID
                let event = try await site.node.read { reader throws(StoreError) in try reader.event(id: id) }
                guard let event, condition.holds(for: event.body, now: visit.now) else { continue }
            }
            shown.append(run)
        }
        let list = isOverview ? Link("runs") : filter.link
        // A new row goes to the top, so the newest comes last.
        for row in try await RunRow.rows(shown.sorted { $0.position < $1.position }, on: site.node, now: visit.now) {
            let part = row.part(list: list, selected: nil, time: visit.time).with(["base": .text(site.base)])
            answer.messages.append(
                .row("run-\(row.run.id)", state: row.state(visit.now).key, site.pages.render("run-row", part)))
        }
        if !isOverview {
            let total = try await RunsPage(site: site).total(filter, now: visit.now)
            answer.messages.append(.count(total))
        }
        return answer
    }
}

/// The changes of one run.
struct RunStream: Sendable {
    let site: Site
    let visit: Visit
    let id: String

    func find(_ news: RunFeed.News) async throws -> LiveStreams.Found {
        var visit = visit
        visit.now = site.now
        let body = RunBody(site: site, visit: visit, base: try RunBody.base(of: id, visit))
        let loaded = try await site.load(run: id)
        let state = RunRow.state(loaded.run.projection, visit.now)
        let part = try await body.part(id).with(["base": .text(site.base), "serverUrl": .text(visit.serverURL)])
        return LiveStreams.Found(
            messages: [.row("run", state: state.key, site.pages.render("run-body", part))])
    }
}
